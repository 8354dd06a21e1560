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
    const auto behaviours = value_or_throw(KnownBehaviours::load(place));
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
  const auto result = KnownBehaviours::load(folder());
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
  const auto damaged = load_behaviour_entries(folder());
  ASSERT_FALSE(damaged.has_value());
  EXPECT_THAT(damaged.error().message, HasSubstr("b.json: at /behaviours/0"));

  auto wrong = document({"F01"});
  wrong["behaviours"][0]["cases"][0]["when"] = {{"createdCniVersion", "0.5.0"}};
  const auto range = KnownBehaviours::from_json(wrong, "mine.json");
  ASSERT_FALSE(range.has_value());
  EXPECT_THAT(range.error().message,
              HasSubstr("mine.json: at /behaviours/0/cases/0/when/createdCniVersion: \"0.5.0\""));

  EXPECT_FALSE(load_behaviour_entries(folder() / "missing").has_value());
}

// The areas are for people: what is looked up is all of them.
TEST_F(BehaviourFiles, AsShippedAreSeveral) {
  std::size_t entries = 0;
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(shipped_behaviours())) {
    entries += value_or_throw(load_behaviour_entries(file.path())).size();
    ++files;
  }
  EXPECT_GT(files, 5U);
  EXPECT_EQ(entries, value_or_throw(KnownBehaviours::load()).all().size());
}

}  // namespace
}  // namespace cni_matrix::verdict
