#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/node/leak_class.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace cni_matrix::node {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

std::vector<std::string> names() {
  std::vector<std::string> all;
  all.reserve(k_leak_class_count);
  for (const auto leak : k_leak_classes) {
    all.emplace_back(name_of(leak));
  }
  return all;
}

TEST(LeakClass, AreThoseOfTheSchemaThatTheOthersReferTo) {
  const auto schema = load_json(data_directory() / "matrix" / "leak-class.schema.json");
  ASSERT_TRUE(schema) << schema.error().message;
  EXPECT_THAT(schema->at("definitions").at("class").at("enum").get<std::vector<std::string>>(),
              ElementsAreArray(names()));
}

TEST(LeakClass, AreReadByName) {
  for (const auto leak : k_leak_classes) {
    EXPECT_EQ(parse_leak_class(name_of(leak)), leak) << name_of(leak);
  }
  EXPECT_EQ(parse_leak_class("no-such-class"), std::nullopt);
}

// A file whose schema refers to the list of classes.
Json residue_of(const std::string& leak) {
  return {{"residue", {{{"class", leak}, {"entries", {"x"}}, {"madeBy", "y"}, {"why", "z"}}}}};
}

TEST(LeakClass, AreCheckedWhereASchemaRefersToThem) {
  for (const auto& name : names()) {
    const auto checked = check_schema(residue_of(name), "residue", "residue.json");
    EXPECT_TRUE(checked) << checked.error().message;
  }
  const auto refused = check_schema(residue_of("veht"), "residue", "residue.json");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("\"veht\" is not allowed; did you mean veth"));
}

}  // namespace
}  // namespace cni_matrix::node
