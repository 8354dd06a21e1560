#include <cni_matrix/node/inventory.hpp>

#include <gmock/gmock.h>

#include <set>

namespace cni_matrix::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Inventory, EveryClassHasANameAndAListOfItsOwn) {
  Inventory inventory;
  std::set<std::string_view> names;
  for (const auto leak : k_leak_classes) {
    EXPECT_FALSE(name_of(leak).empty());
    EXPECT_TRUE(names.insert(name_of(leak)).second) << name_of(leak);
    EXPECT_THAT(inventory.of(leak), IsEmpty()) << name_of(leak);
    inventory.of(leak).emplace_back("x");
  }
}

TEST(Inventory, DifferenceSeesAnEntryOfEachClass) {
  for (const auto leak : k_leak_classes) {
    Inventory before;
    before.of(leak) = {"kept", "gone"};
    Inventory after;
    after.of(leak) = {"kept", "added", "added"};
    const auto added = difference(before, after);
    for (const auto other : k_leak_classes) {
      if (other == leak) {
        EXPECT_THAT(added.of(other), ElementsAre("added", "added")) << name_of(other);
      } else {
        EXPECT_THAT(added.of(other), IsEmpty()) << name_of(other);
      }
    }
  }
}

TEST(Inventory, DifferenceTakesEqualRulesOneByOne) {
  Inventory before;
  before.of(LeakClass::nat_rule) = {"ip -A A -j B"};
  Inventory after;
  after.of(LeakClass::nat_rule) = {"ip -A A -j B", "ip -A A -j B"};
  EXPECT_THAT(difference(before, after).of(LeakClass::nat_rule), ElementsAre("ip -A A -j B"));
}

TEST(Inventory, DifferenceKeepsTheOwnersOfWhatIsAdded) {
  Inventory before;
  before.of(LeakClass::lease) = {"/n/10.0.0.2"};
  Inventory after;
  after.of(LeakClass::lease) = {"/n/10.0.0.2", "/n/10.0.0.3"};
  after.owners = {{"/n/10.0.0.2", "a"}, {"/n/10.0.0.3", "b"}};
  EXPECT_THAT(difference(before, after).owners, ElementsAre(Pair("/n/10.0.0.3", "b")));
  // Who holds an address is not what is compared.
  before.owners = {{"/n/10.0.0.2", "z"}};
  EXPECT_THAT(difference(before, after).of(LeakClass::lease), ElementsAre("/n/10.0.0.3"));
}

TEST(Inventory, SurvivesJson) {
  Inventory inventory;
  for (const auto leak : k_leak_classes) {
    inventory.of(leak) = {std::string(name_of(leak)), "second"};
  }
  inventory.owners = {{"lease", "a"}};
  const auto again = value_or_throw(inventory_from_json(to_json(inventory)));
  for (const auto leak : k_leak_classes) {
    EXPECT_EQ(again.of(leak), inventory.of(leak));
  }
  EXPECT_EQ(again.owners, inventory.owners);
  EXPECT_EQ(to_json(Inventory()), Json::object());
  EXPECT_FALSE(inventory_from_json(Json::parse(R"({"mount": [1]})")).has_value());
}

}  // namespace
}  // namespace cni_matrix::node
