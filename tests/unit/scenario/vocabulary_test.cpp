#include "scenario/vocabulary.hpp"

#include "base/text.hpp"
#include "probe/data_plane.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace cni_matrix::scenario {
namespace {

using testing::HasSubstr;

Json step_schema() {
  const auto schema = value_or_throw(load_json(data_directory() / "matrix/scenario.schema.json"));
  return schema.at("properties").at("steps").at("items").at("properties");
}

// The schema tells an editor what there is; the vocabulary is what is done.
TEST(Vocabulary, IsWhatTheSchemaTellsOf) {
  const auto told = step_schema().at("step").at("description").get<std::string>() + ",";
  std::set<std::string_view> names;
  for (const auto& kind : vocabulary()) {
    EXPECT_THAT(told, HasSubstr(" " + std::string(kind.name) + ",")) << kind.name;
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name << " is there twice";
  }
  EXPECT_EQ(static_cast<std::size_t>(std::count(told.begin(), told.end(), ',')), names.size());
}

TEST(Vocabulary, HasTheKeysOfTheSchema) {
  std::set<std::string> taken = {"step", "if", "expect"};
  for (const auto& kind : vocabulary()) {
    taken.insert(kind.needs.begin(), kind.needs.end());
    taken.insert(kind.allows.begin(), kind.allows.end());
  }
  std::set<std::string> told;
  const auto schema = step_schema();
  for (const auto& [key, unused] : schema.items()) {
    told.insert(key);
  }
  EXPECT_EQ(taken, told);
}

TEST(Vocabulary, HasTheProbesOfTheSchema) {
  std::vector<std::string> told;
  for (const auto& name :
       split(step_schema().at("probes").at("description").get<std::string>(), ',')) {
    told.push_back(name.substr(name.find_first_not_of(' ')));
  }
  EXPECT_THAT(told, testing::UnorderedElementsAreArray(probe::probe_names()));
}

TEST(Vocabulary, FindsByName) {
  ASSERT_NE(find_step("run"), nullptr);
  EXPECT_EQ(find_step("run")->label, "RunPodSandbox");
  EXPECT_EQ(find_step("RunPodSandbox"), nullptr);
}

}  // namespace
}  // namespace cni_matrix::scenario
