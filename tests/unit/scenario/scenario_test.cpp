#include <cni_matrix/scenario/scenario.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::scenario {
namespace {

using testing::AllOf;
using testing::Contains;
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

TEST(SettingsOfTheRuntime, ComeWithItsRestart) {
  const auto restart = step_of(R"({"step": "restart-runtime", "settings": {"configVersion": 3,
      "maxConfNum": 0, "setupSerially": true, "internalLoopback": true, "binDir": "/a",
      "binDirs": ["/b"], "handlers": {"fast": {"confDir": "/etc/cni/fast.d", "maxConfNum": 2}}}})");
  ASSERT_TRUE(restart.settings);
  EXPECT_EQ(restart.settings->config_version, 3);
  EXPECT_EQ(restart.settings->max_conf_num, 0);
  EXPECT_TRUE(restart.settings->setup_serially);
  EXPECT_TRUE(restart.settings->internal_loopback);
  EXPECT_EQ(restart.settings->bin_dir, "/a");
  EXPECT_THAT(restart.settings->bin_dirs, ElementsAre("/b"));
  ASSERT_TRUE(restart.settings->handlers.contains("fast"));
  EXPECT_EQ(restart.settings->handlers.at("fast").conf_dir, "/etc/cni/fast.d");
  EXPECT_EQ(restart.settings->handlers.at("fast").max_conf_num, 2);
  EXPECT_FALSE(step_of(R"({"step": "restart-runtime"})").settings);
  const auto defaults = step_of(R"({"step": "restart-runtime", "settings": {}})").settings;
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->config_version, 2);
  EXPECT_FALSE(defaults->max_conf_num);
}

TEST(SettingsOfTheRuntime, AreRefusedWhenTheyMakeNoSense) {
  const auto refused = [](const std::string& settings) {
    return refusal_of(R"({"step": "restart-runtime", "settings": )" + settings + "}");
  };
  EXPECT_THAT(refused(R"({"configVersion": 5})"), HasSubstr("configVersion"));
  EXPECT_THAT(refused(R"({"maxConfNum": -1})"), HasSubstr("maxConfNum"));
  EXPECT_THAT(refused(R"({"binDir": "bin"})"), HasSubstr("binDir"));
  EXPECT_THAT(refused(R"({"binDirs": []})"), HasSubstr("binDirs"));
  EXPECT_THAT(refused(R"({"maxconfnum": 1})"), HasSubstr("/settings"));
  EXPECT_THAT(refused(R"({"handlers": {"a.b": {}}})"), HasSubstr("handlers"));
  EXPECT_THAT(refused(R"({"handlers": {"own": {"confDir": "/etc/passwd"}}})"),
              HasSubstr("confDir"));
  EXPECT_THAT(refused(R"({"handlers": {"own": {"confDir": "/etc/cni/../x"}}})"),
              HasSubstr("confDir"));
  EXPECT_THAT(refused(R"({"handlers": {"default": {}}})"), HasSubstr("the name default is taken"));
  EXPECT_THAT(refusal_of(R"({"step": "stop", "settings": {}})"), HasSubstr("no \"settings\""));
}

TEST(RunStep, AsksForAHandlerOfTheSettingsInForce) {
  const std::string with = R"({"step": "restart-runtime", "settings": {"handlers": {"own": {}}}},)";
  const std::string run = R"({"step": "run", "handler": "own"})";
  EXPECT_EQ(refusal_of(with + run), "");
  EXPECT_THAT(refusal_of(run), HasSubstr("/steps/0: no settings before it have the handler"));
  EXPECT_THAT(refusal_of(with + R"({"step": "restart-runtime", "settings": {}},)" + run),
              HasSubstr("/steps/2: no settings"));
}

TEST(RunStep, StartsAGroupAtOnce) {
  EXPECT_TRUE(step_of(R"({"step": "run", "count": 3, "parallel": true})").parallel);
  EXPECT_THAT(refusal_of(R"({"step": "run", "parallel": true})"), HasSubstr("needs a \"count\""));
}

TEST(AddressesStep, NamesNetworks) {
  const std::string run = R"({"step": "run"},)";
  EXPECT_EQ(refusal_of(run + R"({"step": "addresses", "in": "10.99.0.0/16"})"), "");
  EXPECT_THAT(refusal_of(run + R"({"step": "addresses", "in": "10.99.0.0"})"),
              HasSubstr("/steps/1/in: \"10.99.0.0\" is no network"));
  EXPECT_THAT(refusal_of(run + R"({"step": "addresses", "outside": "10.99.0.0/33"})"),
              HasSubstr("/steps/1/outside"));
  EXPECT_THAT(refusal_of(R"({"step": "addresses"})"), HasSubstr("no step before it runs the pod"));
}

TEST(WriteConfigStep, KnowsHowFilesCome) {
  const auto with = [](const std::string& rest) {
    return R"({"step": "write-config", "file": "a.conf", "text": "{}")" + rest + "}";
  };
  EXPECT_EQ(step_of(with(R"(, "how": "configmap")")).how, "configmap");
  EXPECT_EQ(step_of(with(R"(, "dir": "/etc/cni/own.d")")).dir, "/etc/cni/own.d");
  EXPECT_THAT(refusal_of(with(R"(, "how": "teleport")")), HasSubstr("symlink-swap or configmap"));
  EXPECT_THAT(refusal_of(with(R"(, "dir": "/etc")")), HasSubstr("/dir"));
}

TEST(CallApiStep, KnowsTheVersionsOfCri) {
  EXPECT_EQ(step_of(R"({"step": "call-api", "api": "v1alpha2"})").api, "v1alpha2");
  EXPECT_THAT(refusal_of(R"({"step": "call-api", "api": "v2"})"), HasSubstr("/api"));
  EXPECT_THAT(refusal_of(R"({"step": "call-api"})"), HasSubstr("needs \"api\""));
}

TEST(ScenarioOfSomeReleases, NamesThem) {
  const auto with = [](const std::string& range) {
    return scenario_from_json(Json::parse(R"({"id": "mine", "title": "Mine", "containerd": ")" +
                                          range + R"(", "steps": [{"step": "run"}]})"),
                              "mine.json");
  };
  const auto scenario = with(">=2.0.0");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_TRUE(scenario->containerd->contains(*Version::parse("2.1.9")));
  EXPECT_FALSE(scenario->containerd->contains(*Version::parse("1.7.24")));
  EXPECT_FALSE(with("new ones"));
}

TEST(ReloadStorm, NeedsADaemon) {
  const auto storm = with_step(R"({"step": "cycle", "times": 2, "reload": true})");
  ASSERT_TRUE(storm);
  EXPECT_THAT(storm->needs_daemon(), HasSubstr("in the middle of plugin calls"));
  EXPECT_EQ(with_step(R"({"step": "cycle", "times": 2})")->needs_daemon(), "");
}

TEST(PodOrder, NoStepIsAboutAPodThatIsNotThere) {
  const std::string gone = R"({"step": "run"}, {"step": "stop"}, {"step": "remove"}, )";
  EXPECT_THAT(refusal_of(gone + R"({"step": "kill-pause"})"),
              HasSubstr("/steps/3: the pod \"pod\" was removed before"));
  EXPECT_THAT(refusal_of(gone + R"({"step": "probe"})"), HasSubstr("was removed before"));
  EXPECT_EQ(refusal_of(gone + R"({"step": "stop"}, {"step": "remove"}, {"step": "run"})"), "");
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "run"})"),
              HasSubstr("/steps/1: the pod \"pod\" is still there"));
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "stop"}, {"step": "delete-netns"})"),
              HasSubstr("was stopped before"));
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "delete-netns"}, {"step": "delete-netns"})"),
              HasSubstr("has lost its network namespace before"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "hostNetwork": true}, {"step": "delete-netns"})"),
              HasSubstr("has the node's network"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "count": 2}, {"step": "kill-shim"})"),
              HasSubstr("is a group"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "expect": "x"}, {"step": "kill-shim"})"),
              HasSubstr("may not run then"));
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "probe", "probes": ["pod-to-pod"]})"),
              HasSubstr("another pod in \"with\""));
}

TEST(Scenarios, AllLoadAndBind) {
  const auto ids = list_scenarios();
  ASSERT_TRUE(ids.has_value());
  EXPECT_THAT(*ids, Contains("plugin-gone-restored"));
  for (const auto& id : *ids) {
    const auto scenario = load_scenario(id);
    ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
    EXPECT_EQ(scenario->id, id);
    std::map<std::string, std::string> parameters;
    for (const auto& [name, parameter] : scenario->parameters) {
      parameters[name] = "1.0.0";
    }
    const auto steps = bind_steps(*scenario, parameters);
    ASSERT_TRUE(steps.has_value());
    for (const auto& step : *steps) {
      EXPECT_FALSE(step.to.starts_with("$"));
    }
  }
}

TEST(Scenarios, RepairIsConditional) {
  const auto scenario = *load_scenario("repair");
  const auto steps = *bind_steps(scenario, {});
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_EQ(steps[2].kind, StepKind::edit_conflist);
  EXPECT_EQ(steps[2].to, "0.4.0");
  EXPECT_EQ(steps[3].condition, Condition::stop_failed);
  EXPECT_EQ(steps[4].condition, Condition::always);
}

TEST(Scenarios, UnknownOnesAndStepsAreNamed) {
  EXPECT_THAT(load_scenario("lifecycel").error().message, HasSubstr("did you mean lifecycle"));
  EXPECT_FALSE(load_scenario("../matrix/catalog").has_value());
  const auto unknown = scenario_from_json(
      Json::parse(R"({"id": "x", "title": "x", "steps": [{"step": "run"}, {"step": "stpo"}]})"),
      "x.json");
  EXPECT_THAT(unknown.error().message,
              AllOf(HasSubstr("x.json: /steps/1/step"), HasSubstr("did you mean stop")));
  const auto bare = scenario_from_json(
      Json::parse(R"({"id": "x", "title": "x", "steps": [{"step": "edit-conflist"}]})"), "x.json");
  EXPECT_THAT(bare.error().message, HasSubstr("needs either \"to\" or \"patch\""));
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

TEST(Patterns, TakeNoMoreTimeThanTheTextIsLong) {
  const std::string step = R"({"step": "run", "expect": ")";
  EXPECT_EQ(refusal_of(step + "(a|aa)+$\"}"), "");
  EXPECT_THAT(refusal_of(step + R"((a)\\1"})"), HasSubstr("/expect"));
  EXPECT_THAT(refusal_of(step + std::string(21, '(') + "a" + std::string(21, ')') + "\"}"),
              HasSubstr("nested deeper than 20 levels"));
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
}  // namespace cni_matrix::scenario
