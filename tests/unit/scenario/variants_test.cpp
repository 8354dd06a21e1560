#include "scenario/variants.hpp"

#include "base/file.hpp"
#include "scenario/scenario_library.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::scenario {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

Json family() {
  return Json::parse(R"({
    "$schema": "../../matrix/scenario-family.schema.json",
    "references": ["https://one"],
    "steps": [{"step": "run"}, {"step": "damage-cache", "how": "delete"}, {"step": "stop"}],
    "variants": [
      {"id": "deleted", "title": "Deleted"},
      {"id": "cut", "title": "Cut off", "references": ["https://two"], "trace": ["add-has-del"],
       "steps": {"1": {"how": "truncate"}, "2": {"expect": "no"}}}
    ]})");
}

std::string error_of(const Json& value) {
  const auto variants = variants_of(value, "my.family.json");
  return variants ? std::string() : variants.error().message;
}

TEST(Variants, AreScenariosOfTheirOwn) {
  const auto variants = value_or_throw(variants_of(family(), "my.family.json"));
  EXPECT_THAT(variants, ElementsAre(Json::parse(R"({"id": "deleted", "title": "Deleted",
    "references": ["https://one"],
    "steps": [{"step": "run"}, {"step": "damage-cache", "how": "delete"}, {"step": "stop"}]})"),
                                    Json::parse(R"({"id": "cut", "title": "Cut off",
    "references": ["https://two"], "trace": ["add-has-del"],
    "steps": [{"step": "run"}, {"step": "damage-cache", "how": "truncate"},
              {"step": "stop", "expect": "no"}]})")));
  for (const auto& variant : variants) {
    EXPECT_TRUE(scenario_from_json(variant, "my.family.json"));
  }
}

TEST(Variants, ChangeStepsThatAreThere) {
  auto wrong = family();
  wrong["variants"][1]["steps"]["3"] = {{"how", "garbage"}};
  EXPECT_EQ(error_of(wrong),
            "my.family.json: at /variants/1/steps/3: there is no such step; they are numbered 0 "
            "to 2");
  wrong = family();
  wrong["variants"][1]["steps"]["first"] = Json::object();
  EXPECT_THAT(error_of(wrong), HasSubstr("at /variants/1/steps/first: there is no such step"));
}

TEST(Variants, HaveAnIdAndNoKeyThatIsNotKnown) {
  auto wrong = family();
  wrong["variants"][0].erase("id");
  EXPECT_THAT(error_of(wrong), HasSubstr("the key \"id\" is missing"));
  wrong = family();
  wrong["variants"][0]["stepps"] = Json::object();
  EXPECT_THAT(error_of(wrong), HasSubstr("there is no key \"stepps\"; did you mean steps?"));
  wrong = family();
  wrong["id"] = "both";
  EXPECT_THAT(error_of(wrong), HasSubstr("there is no key \"id\""));
}

TEST(Variants, AreFoundInTheirFile) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "my.family.json";
  ASSERT_TRUE(write_file(file, family().dump()));
  EXPECT_THAT(value_or_throw(ids_in(file)), ElementsAre("deleted", "cut"));
  EXPECT_EQ(value_or_throw(load_document(file, "cut")).at("title"), "Cut off");
  EXPECT_THAT(load_document(file, "my").error().message, HasSubstr("has no variant \"my\""));

  const auto alone = directory.path() / "alone.json";
  EXPECT_THAT(value_or_throw(ids_in(alone)), ElementsAre("alone"));
  const std::map<std::string, std::filesystem::path> files = {{"alone", alone},
                                                              {"my.family", file}};
  EXPECT_EQ(value_or_throw(file_of("alone", files)), alone);
  EXPECT_EQ(value_or_throw(file_of("cut", files)), file);
  EXPECT_TRUE(value_or_throw(file_of("my", files)).empty());
  ASSERT_TRUE(write_file(alone, R"({"id": "alone"})"));
  EXPECT_EQ(value_or_throw(load_document(alone, "alone")), Json({{"id", "alone"}}));
}

// A scenario has its name for itself, also among the variants of families.
TEST(Variants, ThatAreShippedAreListedAndKnowTheirFile) {
  ScenarioLibrary library;
  const auto ids = value_or_throw(library.ids());
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  EXPECT_THAT(ids, IsSupersetOf({"cache-garbled", "lifecycle"}));
  EXPECT_THAT(ids, Not(Contains(HasSubstr(".family"))));
  EXPECT_EQ(value_or_throw(library.find("cache-garbled"))->file, "cache-damaged.family.json");
  EXPECT_EQ(value_or_throw(library.find("lifecycle"))->file, "lifecycle.json");
}

}  // namespace
}  // namespace cni_matrix::scenario
