#include "verdict/undeleted.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <utility>

namespace cni_matrix::verdict {
namespace {

using node::LeakClass;
using recorder::PluginCall;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

PluginCall call(const char* plugin, const char* command, const char* input = R"({"name": "n"})",
                int exit_code = 0) {
  static std::int64_t now = 0;
  PluginCall one;
  one.plugin = plugin;
  one.command = command;
  one.environment = {{"CNI_CONTAINERID", "c"}, {"CNI_IFNAME", "eth0"}};
  one.input = input;
  one.exit_code = exit_code;
  one.finished = true;
  one.delegated = one.plugin == "host-local";
  one.start_ns = now += 10;
  one.end_ns = one.start_ns + 5;
  return one;
}

constexpr const char* k_masquerade = R"({"name": "n", "ipMasq": true})";

TEST(Undeleted, IsWhatWasAddedAndNotDeleted) {
  const std::vector<PluginCall> added = {call("host-local", "ADD", k_masquerade),
                                         call("bridge", "ADD", k_masquerade)};
  EXPECT_THAT(undeleted(added, {}).made,
              UnorderedElementsAre(LeakClass::lease, LeakClass::veth, LeakClass::nat_rule));
  auto gone = added;
  gone.push_back(call("host-local", "DEL", k_masquerade));
  gone.push_back(call("bridge", "DEL", k_masquerade, 1));
  EXPECT_THAT(undeleted(gone, {}).made, UnorderedElementsAre(LeakClass::veth, LeakClass::nat_rule));
  gone.push_back(call("bridge", "DEL", k_masquerade));
  EXPECT_THAT(undeleted(gone, {}).made, ElementsAre());
}

TEST(Undeleted, DependsOnTheConfiguration) {
  EXPECT_THAT(undeleted({call("bridge", "ADD")}, {}).made, ElementsAre(LeakClass::veth));
  EXPECT_THAT(undeleted({call("portmap", "ADD")}, {}).made, ElementsAre());
  EXPECT_THAT(
      undeleted(
          {call("portmap", "ADD", R"({"name": "n", "runtimeConfig": {"portMappings": [{}]}})")}, {})
          .made,
      ElementsAre(LeakClass::nat_rule));
}

TEST(Undeleted, OfAnotherNetworkIsNotTakenBack) {
  EXPECT_THAT(undeleted({call("host-local", "ADD", R"({"name": "old"})"),
                         call("host-local", "DEL", R"({"name": "new"})")},
                        {})
                  .made,
              ElementsAre(LeakClass::lease));
}

TEST(Undeleted, FaultsAreNotThePlugins) {
  auto failed = call("bridge", "ADD", k_masquerade, 1);
  EXPECT_THAT(undeleted({failed}, {}).made, ElementsAre());
  failed.fault = "fail-after";  // it was run, and its caller was told otherwise
  EXPECT_THAT(undeleted({failed}, {}).made,
              UnorderedElementsAre(LeakClass::veth, LeakClass::nat_rule));
  failed.withheld = R"({"code": 1, "msg": "incompatible CNI versions"})";  // and failed by itself
  EXPECT_THAT(undeleted({failed}, {}).made, ElementsAre());
  auto refused = call("bridge", "DEL", k_masquerade, 1);
  refused.fault = "fail";
  EXPECT_THAT(undeleted({call("bridge", "ADD"), refused}, {}).made, ElementsAre(LeakClass::veth));
}

TEST(Undeleted, OfAnUnknownPluginMayBeAnything) {
  const auto left = undeleted({call("acme-cni", "ADD")}, {});
  EXPECT_EQ(left.is(LeakClass::lease), Undeleted::Is::maybe);
  EXPECT_EQ(left.is(LeakClass::netns), Undeleted::Is::left);  // none of a plugin's
  EXPECT_EQ(undeleted({call("macvlan", "ADD")}, {}).is(LeakClass::lease), Undeleted::Is::gone);
}

std::vector<scenario::StepResult> run_and_stop(const std::vector<PluginCall>& trace) {
  std::vector<scenario::StepResult> steps(2);
  steps[0].effect.call = scenario::Effect::Call::run;
  steps[1].effect.call = scenario::Effect::Call::stop;
  steps[0].effect.begin_ns = trace.front().start_ns - 1;
  steps[0].effect.end_ns = trace.back().end_ns + 1;
  return steps;
}

// DEL gets the result of ADD from 0.4.0 on, so that it tells whether there is one.
TEST(Undeleted, KnowsWhetherAResultWasKept) {
  const auto kept = [](const char* version, int exit_code, const char* del) {
    const auto input = fmt::format(R"({{"name": "n", "cniVersion": "{}"}})", version);
    auto trace = std::vector{call("loopback", "ADD"), call("bridge", "ADD", input.c_str()),
                             call("portmap", "ADD", input.c_str(), exit_code)};
    if (del != nullptr) {
      trace.push_back(call("portmap", "DEL", del, 1));
    }
    return undeleted(trace, run_and_stop(trace)).starts.at(0).result;
  };
  using enum Undeleted::Is;
  EXPECT_EQ(kept("1.0.0", 1, "{}"), gone);
  EXPECT_EQ(kept("1.0.0", 0, R"({"prevResult": {}})"), left);
  EXPECT_EQ(kept("1.0.0", 0, "{}"), gone);
  EXPECT_EQ(kept("0.3.1", 0, "{}"), maybe);
  EXPECT_EQ(kept("1.0.0", 0, nullptr), maybe);  // no plugin was called: one may be missing
}

TEST(Undeleted, SaysInWhichStepTheCleanUpFailed) {
  auto trace =
      std::vector{call("bridge", "ADD", k_masquerade, 1), call("bridge", "DEL", k_masquerade, 1)};
  EXPECT_TRUE(undeleted(trace, run_and_stop(trace)).starts.at(0).clean_up_failed);
  trace[1].exit_code = 0;
  EXPECT_FALSE(undeleted(trace, run_and_stop(trace)).starts.at(0).clean_up_failed);
}

}  // namespace
}  // namespace cni_matrix::verdict
