#include "base/file.hpp"
#include "recorder/fault_format.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/recorder/faults.hpp>

#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace cni_matrix::recorder {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Expected<Fault> parse(const char* text) {
  return fault_from_json(value_or_throw(parse_json(text, "test")), "x.json: /steps/2");
}

std::string error_of(const char* text) {
  const auto fault = parse(text);
  if (fault) {
    return "no error";
  }
  EXPECT_EQ(fault.error().kind, ErrorKind::input);
  return fault.error().message;
}

TEST(FaultJson, IsReadWhole) {
  const Fault fault = value_or_throw(parse(
      R"({"step":"fault","if":"stop-failed","plugin":"bridge","on":"DEL","call":3,"do":"fail",
          "code":11,"message":"try again later","details":"soon"})"));
  EXPECT_EQ(fault.plugin, "bridge");
  EXPECT_EQ(fault.command, "DEL");
  EXPECT_EQ(fault.call, 3);
  EXPECT_EQ(fault.action, FaultAction::fail);
  EXPECT_EQ(fault.code, 11);
  EXPECT_EQ(fault.message, "try again later");
  EXPECT_EQ(fault.details, "soon");
}

TEST(FaultJson, LeavesOutWhatIsUsual) {
  const Fault fault = value_or_throw(parse(R"({"plugin":"bridge","do":"exit"})"));
  EXPECT_EQ(fault.command, "");
  EXPECT_EQ(fault.call, 1);
  EXPECT_EQ(fault.status, 1);
  EXPECT_EQ(value_or_throw(parse(R"({"plugin":"b","do":"text","text":""})")).status, 0);
}

TEST(FaultJson, EveryActionComesBackAsItWas) {
  for (const auto& known : k_fault_actions) {
    Fault fault;
    fault.plugin = "host-local";
    fault.command = "CHECK";
    fault.call = 0;
    fault.action = known.action;
    fault.code = 7;
    fault.message = "m";
    fault.details = "d";
    fault.text = "t";
    fault.status = 3;
    fault.milliseconds = 20;
    const Json value = to_json(fault);
    EXPECT_EQ(value.at("do"), known.name);
    const Fault again = value_or_throw(fault_from_json(value, "again"));
    EXPECT_EQ(to_json(again), value);
    EXPECT_EQ(again.action, known.action);
    EXPECT_EQ(again.call, 0);
  }
}

TEST(FaultJson, EveryActionStandsInTheSchemaOfScenarios) {
  std::vector<std::string> names;
  for (const auto& known : k_fault_actions) {
    names.emplace_back(known.name);
  }
  const auto schema =
      value_or_throw(read_file(data_directory() / "matrix" / "scenario.schema.json"));
  EXPECT_THAT(schema, HasSubstr(fmt::format("fault: {}\"", fmt::join(names, ", "))));
}

TEST(FaultJson, AMisspeltNameHasASuggestion) {
  EXPECT_EQ(error_of(R"({"plugin":"bridge","do":"fial"})"),
            "x.json: /steps/2/do: there is no fault \"fial\"; did you mean fail?");
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"something else"})"),
              HasSubstr("there are fail, fail-after, exit,"));
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"fail","mesage":"x"})"),
              HasSubstr("the fault fail has no \"mesage\"; did you mean message?"));
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"hang","on":"AD"})"),
              AllOf(StartsWith("x.json: /steps/2/on: "), HasSubstr("did you mean ADD")));
}

TEST(FaultJson, AParameterOfAnotherActionIsRefused) {
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"fail","text":"x"})"),
              HasSubstr("the fault fail has no \"text\""));
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"hang","milliseconds":5})"),
              HasSubstr("the fault hang has no \"milliseconds\""));
}

TEST(FaultJson, WhatIsMissingIsNamed) {
  EXPECT_THAT(error_of(R"({"plugin":"bridge"})"), HasSubstr("\"do\" is missing"));
  EXPECT_THAT(error_of(R"({"do":"hang"})"), HasSubstr("\"plugin\" is missing"));
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"text"})"), HasSubstr("needs \"text\""));
  EXPECT_THAT(error_of(R"({"plugin":"bridge","do":"slow"})"), HasSubstr("needs \"milliseconds\""));
  EXPECT_THAT(error_of(R"([])"), HasSubstr("a fault is an object"));
}

TEST(FaultJson, ValuesOutOfTheirRangeAreRefused) {
  for (const char* text : {
           R"({"plugin":"","do":"hang"})",
           R"({"plugin":"../bridge","do":"hang"})",
           R"({"plugin":"a b","do":"hang"})",
           R"({"plugin":"bridge\n","do":"hang"})",
           R"({"plugin":7,"do":"hang"})",
           R"({"plugin":"bridge","do":7})",
           R"({"plugin":"bridge","do":"hang","on":"add"})",
           R"({"plugin":"bridge","do":"hang","call":-1})",
           R"({"plugin":"bridge","do":"hang","call":1.5})",
           R"({"plugin":"bridge","do":"hang","call":18446744073709551615})",
           R"({"plugin":"bridge","do":"exit","status":256})",
           R"({"plugin":"bridge","do":"exit","status":"1"})",
           R"({"plugin":"bridge","do":"fail","code":-1})",
           R"({"plugin":"bridge","do":"fail","message":null})",
           R"({"plugin":"bridge","do":"slow","milliseconds":0})",
           R"({"plugin":"bridge","do":"slow","milliseconds":600001})",
       }) {
    EXPECT_THAT(error_of(text), StartsWith("x.json: /steps/2")) << text;
  }
}

TEST(FaultJson, AParameterOfTheScenarioMayNameThePlugin) {
  EXPECT_EQ(value_or_throw(parse(R"({"plugin":"$plugin","do":"hang"})")).plugin, "$plugin");
  const auto directory = value_or_throw(TemporaryDirectory::create());
  Fault fault;
  fault.plugin = "$plugin";
  EXPECT_FALSE(place_fault(directory.path(), fault, directory.path() / "counts").has_value());
}

}  // namespace
}  // namespace cni_matrix::recorder
