#include "scenario/scenario_library.hpp"

#include "scenario/act.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::scenario {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

TEST(ScenarioLibrary, AllLoadAndBind) {
  ScenarioLibrary library;
  const auto ids = library.ids();
  ASSERT_TRUE(ids.has_value());
  EXPECT_THAT(*ids, Contains("plugin-gone-restored"));
  for (const auto& id : *ids) {
    const auto scenario = library.find(id);
    ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
    EXPECT_EQ((*scenario)->id, id);
    std::map<std::string, std::string> parameters;
    for (const auto& [name, parameter] : (*scenario)->parameters) {
      parameters[name] = "1.0.0";
    }
    const auto steps = bind_steps(**scenario, parameters);
    ASSERT_TRUE(steps.has_value()) << steps.error().message;
    const auto demands = demands_of(*steps);
    for (const auto& token : demands.containerds) {
      EXPECT_FALSE(token.starts_with("$"));
    }
    for (const auto& token : demands.plugins) {
      EXPECT_FALSE(token.starts_with("$"));
    }
  }
}

TEST(ScenarioLibrary, ReadsAFileOnce) {
  ScenarioLibrary library;
  EXPECT_EQ(value_or_throw(library.find("lifecycle")), value_or_throw(library.find("lifecycle")));
}

TEST(ScenarioLibrary, RepairIsConditional) {
  ScenarioLibrary library;
  const auto scenario = value_or_throw(library.find("repair"));
  const auto steps = value_or_throw(bind_steps(*scenario, {}));
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[2].kind->name, "edit-conflist");
  EXPECT_EQ(steps[3].condition, Condition::stop_failed);
  EXPECT_EQ(steps[4].condition, Condition::always);
}

TEST(ScenarioLibrary, UnknownOnesAndStepsAreNamed) {
  ScenarioLibrary library;
  EXPECT_THAT(library.find("lifecycel").error().message, HasSubstr("did you mean lifecycle"));
  EXPECT_FALSE(library.find("../matrix/catalog").has_value());
  const auto unknown = scenario_from_json(
      Json::parse(R"({"id": "x", "title": "x", "steps": [{"step": "run"}, {"step": "stpo"}]})"),
      "x.json");
  EXPECT_THAT(unknown.error().message,
              AllOf(HasSubstr("x.json: /steps/1/step"), HasSubstr("did you mean stop")));
  const auto bare = scenario_from_json(
      Json::parse(R"({"id": "x", "title": "x", "steps": [{"step": "edit-conflist"}]})"), "x.json");
  EXPECT_THAT(bare.error().message,
              HasSubstr("needs one of \"to\", \"patch\", \"subnet\" and \"addresses\""));
  const auto refusal = [](const std::string& steps) {
    const auto scenario = scenario_from_json(
        Json::parse(R"({"id": "x", "title": "x", "steps": [)" + steps + "]}"), "x.json");
    return scenario ? "none" : scenario.error().message;
  };
  EXPECT_THAT(refusal(R"({"step": "stop"})"),
              HasSubstr("/steps/0: no step before it runs the pod \"pod\""));
  EXPECT_THAT(refusal(R"({"step": "run"}, {"step": "stop", "pod": "a"})"),
              HasSubstr("/steps/1: no step before it runs the pod \"a\""));
  EXPECT_THAT(refusal(R"({"step": "run", "times": 2})"), HasSubstr("takes no \"times\""));
  EXPECT_THAT(refusal(R"({"step": "cycle"})"), HasSubstr("needs \"times\""));
  EXPECT_THAT(refusal(R"({"step": "run", "expect": "("})"), HasSubstr("/expect: not a regular"));
  EXPECT_THAT(refusal(R"({"step": "damage-cache", "how": "burn"})"),
              HasSubstr("truncate, garbage"));
  EXPECT_THAT(refusal(R"({"step": "fault", "plugin": "bridge", "do": "faill"})"),
              HasSubstr("did you mean fail"));
  EXPECT_THAT(refusal(R"({"step": "write-config", "file": "../x", "text": ""})"),
              HasSubstr("/steps/0/file"));
  const auto undeclared = scenario_from_json(
      Json::parse(R"({"id": "x", "title": "x", "steps": [{"step": "edit-conflist", "to": "$v"}]})"),
      "x.json");
  EXPECT_THAT(undeclared.error().message, HasSubstr("$v is no parameter"));
}

}  // namespace
}  // namespace cni_matrix::scenario
