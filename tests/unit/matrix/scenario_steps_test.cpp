#include <cni_matrix/matrix/scenario_spec.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::matrix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Expected<Scenario> with_step(const std::string& step) {
  return scenario_from_json(Json::parse(R"({"id": "mine", "title": "Mine", "parameters":
                      {"to_plugins": {"kind": "plugins", "description": "others"}},
                      "steps": [)" + step +
                                        "]}"),
                            "mine.json");
}

Step step_of(const std::string& text) {
  auto scenario = with_step(text);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? scenario->steps.front() : Step();
}

std::string refusal_of(const std::string& text) {
  const auto scenario = with_step(text);
  return scenario ? "" : scenario.error().message;
}

TEST(RunStep, TakesWhatAPodAsksFor) {
  const auto run = step_of(R"({"step": "run", "hostPort": 8089,
      "annotations": {"kubernetes.io/ingress-bandwidth": "10M", "example.org/x": "any text"},
      "dns": {"servers": ["10.96.0.10"], "options": ["ndots:5"]}})");
  EXPECT_EQ(run.host_port, 8089);
  EXPECT_THAT(run.annotations, ElementsAre(Pair("example.org/x", "any text"),
                                           Pair("kubernetes.io/ingress-bandwidth", "10M")));
  EXPECT_THAT(run.dns.servers, ElementsAre("10.96.0.10"));
  EXPECT_THAT(run.dns.options, ElementsAre("ndots:5"));
  EXPECT_FALSE(run.dns.empty());
  EXPECT_TRUE(step_of(R"({"step": "run"})").dns.empty());
}

TEST(RunStep, RefusesWhatNoRuntimeTakes) {
  EXPECT_THAT(refusal_of(R"({"step": "run", "hostPort": 65536})"), HasSubstr("hostPort"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "dns": {"server": []}})"), HasSubstr("/dns"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "annotations":
                             {"kubernetes.io/egress-bandwidth": "fast"}})"),
              HasSubstr("annotations"));
  EXPECT_THAT(refusal_of(R"({"step": "status", "hostPort": 80})"), HasSubstr("no \"hostPort\""));
}

TEST(ReplacePluginsStep, IsAboutAllOrOne) {
  EXPECT_EQ(step_of(R"({"step": "replace-plugins", "to": "$to_plugins"})").plugin, "");
  EXPECT_EQ(
      step_of(R"({"step": "replace-plugins", "to": "$to_plugins", "plugin": "portmap"})").plugin,
      "portmap");
}

// Steps of our own driver, after a `run` of the pod.
std::string refusal_after_run(const std::string& step) {
  return refusal_of(R"({"step": "run", "pod": "a"}, )" + step);
}

TEST(DriverSteps, AreAboutPodsThatRan) {
  EXPECT_EQ(refusal_after_run(R"({"step": "check", "pod": "a"})"), "");
  EXPECT_EQ(refusal_after_run(R"({"step": "add", "pod": "a"})"), "");
  EXPECT_EQ(refusal_after_run(R"({"step": "gc", "valid": ["a"]})"), "");
  EXPECT_THAT(refusal_after_run(R"({"step": "check"})"), HasSubstr("runs the pod \"pod\""));
  EXPECT_THAT(refusal_after_run(R"({"step": "gc", "valid": ["b"]})"),
              HasSubstr("/steps/1: no step before it runs the pod \"b\""));
  EXPECT_THAT(refusal_after_run(R"({"step": "gc", "valid": ["/"]})"), HasSubstr("valid"));
}

TEST(DriverSteps, TellNoValidPodFromAll) {
  EXPECT_FALSE(step_of(R"({"step": "gc"})").valid);
  ASSERT_TRUE(step_of(R"({"step": "gc", "valid": []})").valid);
  EXPECT_TRUE(step_of(R"({"step": "gc", "valid": []})").valid->empty());
}

TEST(DamageAttachmentStep, KnowsItsDamages) {
  for (const auto& how : damages()) {
    EXPECT_EQ(
        refusal_after_run(R"({"step": "damage-attachment", "pod": "a", "how": ")" + how + "\"}"),
        "");
  }
  EXPECT_THAT(refusal_after_run(R"({"step": "damage-attachment", "pod": "a", "how": "link-dwn"})"),
              HasSubstr("there is no damage \"link-dwn\"; did you mean link-down?"));
  EXPECT_THAT(refusal_after_run(R"({"step": "damage-attachment", "pod": "a"})"),
              HasSubstr("needs \"how\""));
}

TEST(AwaitStep, MayAskForAMessage) {
  EXPECT_EQ(step_of(R"({"step": "await", "ready": false, "message": "code 5."})").message,
            "code 5.");
  EXPECT_THAT(refusal_of(R"({"step": "await", "message": "("})"), HasSubstr("/message"));
  EXPECT_THAT(refusal_of(R"({"step": "stop", "message": "x"})"), HasSubstr("no \"message\""));
}

TEST(RunStep, HasADeadlineAndAHostPortOverBothProtocols) {
  const auto run = step_of(R"({"step": "run", "withinMs": 1500, "hostPort": 8089,
                               "protocols": ["tcp", "udp"]})");
  EXPECT_EQ(run.within_ms, 1500);
  EXPECT_THAT(run.protocols, ElementsAre("tcp", "udp"));
  const auto usual = step_of(R"({"step": "run"})");
  EXPECT_EQ(usual.within_ms, 0);
  EXPECT_THAT(usual.protocols, ElementsAre("tcp"));
  EXPECT_EQ(step_of(R"({"step": "await"})").within_ms, 2000);
  EXPECT_THAT(refusal_of(R"({"step": "run", "withinMs": 0})"), HasSubstr("withinMs"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "protocols": ["sctp"]})"), HasSubstr("protocols"));
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "remove", "withinMs": 1})"),
              HasSubstr("the step remove takes no \"withinMs\""));
}

TEST(NodeSteps, TakeOnlyWhatTheyKnow) {
  EXPECT_EQ(step_of(R"({"step": "hold-xtables-lock", "milliseconds": 10})").milliseconds, 10);
  EXPECT_THAT(refusal_of(R"({"step": "hold-xtables-lock", "milliseconds": 60001})"),
              HasSubstr("/steps/0/milliseconds: 1 to 60000"));
  EXPECT_THAT(refusal_of(R"({"step": "hold-xtables-lock"})"), HasSubstr("needs \"milliseconds\""));
  EXPECT_EQ(step_of(R"({"step": "use-iptables", "to": "legacy"})").to, "legacy");
  EXPECT_THAT(refusal_of(R"({"step": "use-iptables", "to": "ebtables"})"),
              HasSubstr("/steps/0/to: legacy or nft"));
  EXPECT_THAT(refusal_of(R"({"step": "fill-disk", "what": "root"})"), HasSubstr("what"));
  EXPECT_EQ(step_of(R"({"step": "add-link", "link": "spare"})").link, "spare");
  EXPECT_THAT(refusal_of(R"({"step": "add-link", "link": "much-too-long"})"),
              HasSubstr("at most 11"));
  EXPECT_THAT(refusal_of(R"({"step": "reboot", "pod": "pod"})"), HasSubstr("no \"pod\""));
}

TEST(Disks, AreFilledBeforeTheyAreFreed) {
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "free-disk", "what": "ipam"})"),
              HasSubstr("/steps/1: the disk of ipam was not filled"));
  EXPECT_THAT(refusal_of(R"({"step": "fill-disk", "what": "ipam"},
                            {"step": "fill-disk", "what": "ipam"})"),
              HasSubstr("/steps/1: the disk of ipam is full already"));
  EXPECT_EQ(refusal_of(R"({"step": "fill-disk", "what": "ipam"},
                          {"step": "fill-disk", "what": "cache"},
                          {"step": "free-disk", "what": "ipam"})"),
            "");
}

TEST(Links, AreAddedBeforeTheFirstPod) {
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "add-link", "link": "spare"})"),
              HasSubstr("/steps/1: add-link comes before the first run"));
}

TEST(KilledProcesses, AreThoseOfAPodThatWasRun) {
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "kill-shim", "pod": "other"})"),
              HasSubstr("no step before it runs the pod \"other\""));
}

TEST(NeedsOf, ARefusedContainerIsADaemon) {
  const auto scenario = with_step(R"({"step": "refuse-create"}, {"step": "run"})");
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->needs_daemon(), "the OCI runtime refuses a container");
}

TEST(NeedsOf, AHostPortOfThePodsOwnIsEnough) {
  const std::string probe = R"({"step": "probe", "probes": ["outside-to-host-port"]})";
  EXPECT_TRUE(with_step(R"({"step": "run"}, )" + probe)->needs_host_port());
  EXPECT_FALSE(with_step(R"({"step": "run", "hostPort": 80}, )" + probe)->needs_host_port());
}

TEST(Programs, AreThoseThatPluginsCall) {
  const auto scenario = scenario_from_json(
      Json::parse(R"({"id": "mine", "title": "Mine", "programs": ["iptables", "nft"],
                      "steps": [{"step": "run"}]})"),
      "mine.json");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_THAT(scenario->programs, ElementsAre("iptables", "nft"));
  EXPECT_FALSE(scenario_from_json(Json::parse(R"({"id": "mine", "title": "Mine",
      "programs": ["sh"], "steps": [{"step": "run"}]})"),
                                  "mine.json"));
}

}  // namespace
}  // namespace cni_matrix::matrix
