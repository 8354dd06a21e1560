#include "verdict/behaviour_files.hpp"

#include "base/file.hpp"
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace cni_matrix::verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json document(std::initializer_list<const char*> ids) {
  auto list = Json::array();
  for (const auto* id : ids) {
    list.push_back({{"id", id},
                    {"title", "t"},
                    {"why", "w"},
                    {"remedy", "r"},
                    {"since", "1"},
                    {"until", "2"},
                    {"evidence", "observed"},
                    {"references", {"https://x"}},
                    {"cases", {{{"kind", "failure"}, {"steps", {"run"}}, {"error", "no"}}}}});
  }
  return {{"behaviours", list}};
}

class BehaviourFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, std::initializer_list<const char*> ids) {
    ASSERT_TRUE(write_file(folder() / name, document(ids).dump()));
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return m_directory.path(); }

  static std::vector<std::string> ids_of(const std::filesystem::path& place) {
    std::vector<std::string> ids;
    const auto behaviours = value_or_throw(KnownBehaviours::load_from(place));
    for (const auto& known : behaviours.all()) {
      ids.push_back(known.id);
    }
    return ids;
  }

 private:
  TemporaryDirectory m_directory = value_or_throw(TemporaryDirectory::create());
};

TEST_F(BehaviourFiles, OfAFolderComeInTheOrderOfTheirIds) {
  EXPECT_THAT(ids_of(folder()), IsEmpty());
  write("b.json", {"F02", "F120"});
  write("a.json", {"F99", "F03"});
  write("c.txt", {"F04"});
  EXPECT_THAT(ids_of(folder()), ElementsAre("F02", "F03", "F99", "F120"));
  EXPECT_THAT(ids_of(folder() / "a.json"), ElementsAre("F03", "F99"));
}

TEST_F(BehaviourFiles, HaveEachIdOnce) {
  write("a.json", {"F01", "F02"});
  write("b.json", {"F02"});
  const auto result = KnownBehaviours::load_from(folder());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::input);
  const auto at = [this](const char* file) { return (folder() / file).string(); };
  EXPECT_EQ(result.error().message, at("b.json") +
                                        ": at /behaviours/0/id: F02 is there twice; the other "
                                        "one is " +
                                        at("a.json") + ": at /behaviours/1");
}

TEST_F(BehaviourFiles, AreNamedInTheirErrors) {
  write("a.json", {"F01"});
  ASSERT_TRUE(write_file(folder() / "b.json", R"({"behaviours": [{"id": "F1"}]})"));
  const auto damaged = load_behaviour_entries({folder()});
  ASSERT_FALSE(damaged.has_value());
  EXPECT_THAT(damaged.error().message, HasSubstr("b.json: at /behaviours/0"));

  auto wrong = document({"F01"});
  wrong["behaviours"][0]["cases"][0]["when"] = {{"createdCniVersion", "0.5.0"}};
  const auto range = KnownBehaviours::from_json(wrong, "mine.json");
  ASSERT_FALSE(range.has_value());
  EXPECT_THAT(range.error().message,
              HasSubstr("mine.json: at /behaviours/0/cases/0/when/createdCniVersion: \"0.5.0\""));

  EXPECT_FALSE(load_behaviour_entries({folder() / "missing"}).has_value());
}

// Of whatever id, and with nothing published about it.
TEST_F(BehaviourFiles, OfOnesOwnComeBesideTheShippedOnes) {
  auto own = document({"acme-1"});
  own["behaviours"][0].erase("references");
  ASSERT_TRUE(write_file(folder() / "own.json", own.dump()));
  const auto shipped = value_or_throw(KnownBehaviours::load());
  const auto all = value_or_throw(KnownBehaviours::load({folder() / "own.json"}));
  EXPECT_EQ(all.all().size(), shipped.all().size() + 1);
  EXPECT_NE(all.find("acme-1"), nullptr);
  EXPECT_NE(all.find("F02"), nullptr);
  write("own.json", {"F02"});
  EXPECT_FALSE(KnownBehaviours::load({folder() / "own.json"}));
}

TEST_F(BehaviourFiles, MayAskForWhatPluginsWereBuiltWith) {
  auto own = document({"acme-1"});
  auto& when = own["behaviours"][0]["cases"][0]["when"];
  when = {{"builtWith", {{"example.org/x", "<1.0.0"}}}, {"state", {{"addresses", "gone"}}}};
  EXPECT_TRUE(KnownBehaviours::from_json(own, "own.json"));
  when["builtWith"]["example.org/x"] = "newest";
  const auto refused = KnownBehaviours::from_json(own, "own.json");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("builtWith/example.org/x"));
  when = {{"state", {{"weather", "bad"}}}};
  EXPECT_FALSE(KnownBehaviours::from_json(own, "own.json"));
}

// The areas are for people: what is looked up is all of them.
TEST_F(BehaviourFiles, AsShippedAreSeveral) {
  std::size_t entries = 0;
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(shipped_behaviours())) {
    entries += value_or_throw(load_behaviour_entries({file.path()})).size();
    ++files;
  }
  EXPECT_GT(files, 5U);
  EXPECT_EQ(entries, value_or_throw(KnownBehaviours::load()).all().size());
}

}  // namespace
}  // namespace cni_matrix::verdict
