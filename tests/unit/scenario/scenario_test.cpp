#include "scenario/scenario.hpp"

#include "scenario/act.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::scenario {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

Expected<Scenario> with_step(const std::string& step) {
  return scenario_from_json(Json::parse(R"({"id": "mine", "title": "Mine", "parameters":
                      {"to_plugins": {"kind": "plugins", "description": "others"}},
                      "steps": [)" + step +
                                        "]}"),
                            "mine.json");
}

// What the steps ask of a cell.
Demands demands_of(const std::string& text) {
  const auto scenario = with_step(text);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? scenario->demands : Demands();
}

std::chrono::milliseconds::rep deadline_of(const std::string& text) {
  const auto scenario = with_step(text);
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? scenario->steps.back().act->deadline().count() : -1;
}

std::string refusal_of(const std::string& text) {
  const auto scenario = with_step(text);
  return scenario ? "" : scenario.error().message;
}

TEST(RunStep, MayPublishAHostPort) {
  EXPECT_TRUE(demands_of(R"({"step": "run", "hostPort": 8089})").own_host_port);
  EXPECT_FALSE(demands_of(R"({"step": "run"})").own_host_port);
}

TEST(RunStep, RefusesWhatNoRuntimeTakes) {
  EXPECT_THAT(refusal_of(R"({"step": "run", "hostPort": 65536})"), HasSubstr("hostPort"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "dns": {"server": []}})"), HasSubstr("/dns"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "hostPort": 80, "protocols": ["icmp"]})"),
              HasSubstr("/protocols"));
  EXPECT_THAT(refusal_of(R"({"step": "status", "hostPort": 80})"), HasSubstr("no \"hostPort\""));
}

// What containerd makes of a quantity that is none is for a run to show.
TEST(RunStep, PassesOnWhatPodsSay) {
  EXPECT_EQ(refusal_of(R"({"step": "run", "hostPort": 80, "hostIP": "no address",
                           "protocols": ["tcp", "sctp"], "annotations":
                             {"kubernetes.io/egress-bandwidth": "fast"}})"),
            "");
}

TEST(WriteConfig, MayHaveAnyName) {
  for (const auto* name : {".hidden.conflist", "x.conflist~", "with blank.conf", "\u00fc.conf"}) {
    EXPECT_EQ(
        refusal_of(fmt::format(R"({{"step": "write-config", "file": "{}", "text": ""}})", name)),
        "");
  }
  for (const auto* name : {".", "..", "a/b", "a\\nb", ""}) {
    EXPECT_THAT(
        refusal_of(fmt::format(R"({{"step": "write-config", "file": "{}", "text": ""}})", name)),
        HasSubstr("/file"))
        << name;
  }
}

TEST(ConflistSteps, HaveADirectoryToWriteInto) {
  EXPECT_THAT(
      refusal_of(R"({"step": "remove-config-dir"}, {"step": "edit-conflist", "to": "none"})"),
      HasSubstr("/steps/1: the configuration directory was removed before"));
  EXPECT_THAT(refusal_of(R"({"step": "remove-config-dir"}, {"step": "restore-conflist"})"),
              HasSubstr("make-config-dir"));
  for (const auto* between : {R"({"step": "make-config-dir"})", R"({"step": "restart-runtime"})",
                              R"({"step": "write-config", "file": "x.conf", "text": ""})"}) {
    EXPECT_EQ(refusal_of(fmt::format(R"({{"step": "remove-config-dir"}}, {},
                                        {{"step": "restore-conflist"}})",
                                     between)),
              "");
  }
}

TEST(ReplaceSteps, TakeOtherReleases) {
  EXPECT_THAT(demands_of(R"({"step": "replace-plugins", "to": "$to_plugins", "plugin": "portmap"},
                            {"step": "replace-runtime", "to": "1.7.24"})"),
              AllOf(Field("plugins", &Demands::plugins, ElementsAre("$to_plugins")),
                    Field("containerds", &Demands::containerds, ElementsAre("1.7.24"))));
}

TEST(BindSteps, PutsValuesInThePlaceOfNames) {
  const auto scenario = with_step(R"({"step": "replace-plugins", "to": "$to_plugins"})");
  ASSERT_TRUE(scenario);
  const auto steps = bind_steps(*scenario, {{"to_plugins", "0.9.0"}});
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_THAT(demands_of(*steps).plugins, ElementsAre("0.9.0"));
  EXPECT_THAT(bind_steps(*scenario, {}).error().message, HasSubstr("\"to_plugins\" is not set"));
  EXPECT_THAT(bind_steps(*scenario, {{"to", "1"}}).error().message,
              HasSubstr("has no parameter \"to\""));
}

// Steps of our own caller of libcni, after a `run` of the pod.
std::string refusal_after_run(const std::string& step) {
  return refusal_of(R"({"step": "run", "pod": "a"}, )" + step);
}

TEST(LibcniSteps, AreAboutPodsThatRan) {
  EXPECT_EQ(refusal_after_run(R"({"step": "check", "pod": "a"})"), "");
  EXPECT_EQ(refusal_after_run(R"({"step": "add", "pod": "a"})"), "");
  EXPECT_EQ(refusal_after_run(R"({"step": "gc", "valid": ["a"]})"), "");
  EXPECT_THAT(refusal_after_run(R"({"step": "check"})"), HasSubstr("runs the pod \"pod\""));
  EXPECT_THAT(refusal_after_run(R"({"step": "gc", "valid": ["b"]})"),
              HasSubstr("/steps/1: no step before it runs the pod \"b\""));
  EXPECT_THAT(refusal_after_run(R"({"step": "gc", "valid": ["/"]})"), HasSubstr("valid"));
}

TEST(DamageAttachmentStep, KnowsItsDamages) {
  for (const std::string how : {"flush-address", "delete-routes", "link-down", "delete-interface",
                                "delete-lease", "delete-rules"}) {
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
  EXPECT_EQ(refusal_of(R"({"step": "await", "ready": false, "message": "code 5."})"), "");
  EXPECT_THAT(refusal_of(R"({"step": "await", "message": "("})"), HasSubstr("/message"));
  EXPECT_THAT(refusal_of(R"({"step": "stop", "message": "x"})"), HasSubstr("no \"message\""));
}

TEST(RunStep, HasADeadlineAndAHostPortOverBothProtocols) {
  EXPECT_EQ(deadline_of(R"({"step": "run", "withinMs": 1500, "hostPort": 8089,
                            "protocols": ["tcp", "udp"]})"),
            1500);
  EXPECT_EQ(deadline_of(R"({"step": "run"})"), 0);
  EXPECT_EQ(deadline_of(R"({"step": "run"}, {"step": "stop", "withinMs": 10})"), 10);
  EXPECT_EQ(deadline_of(R"({"step": "await"})"), 2000);
  EXPECT_THAT(refusal_of(R"({"step": "run", "withinMs": 0})"), HasSubstr("withinMs"));
  EXPECT_THAT(refusal_of(R"({"step": "run", "protocols": ["icmp"]})"), HasSubstr("protocols"));
  EXPECT_THAT(refusal_of(R"({"step": "run"}, {"step": "remove", "withinMs": 1})"),
              HasSubstr("the step remove takes no \"withinMs\""));
}

TEST(NodeSteps, TakeOnlyWhatTheyKnow) {
  EXPECT_EQ(refusal_of(R"({"step": "hold-xtables-lock", "milliseconds": 10})"), "");
  EXPECT_THAT(refusal_of(R"({"step": "hold-xtables-lock", "milliseconds": 60001})"),
              HasSubstr("/steps/0/milliseconds: 1 to 60000"));
  EXPECT_THAT(refusal_of(R"({"step": "hold-xtables-lock"})"), HasSubstr("needs \"milliseconds\""));
  EXPECT_EQ(refusal_of(R"({"step": "use-iptables", "to": "legacy"})"), "");
  EXPECT_THAT(refusal_of(R"({"step": "use-iptables", "to": "ebtables"})"),
              HasSubstr("/steps/0/to: legacy or nft"));
  EXPECT_THAT(refusal_of(R"({"step": "fill-disk", "what": "root"})"), HasSubstr("what"));
  EXPECT_EQ(refusal_of(R"({"step": "add-link", "link": "spare"})"), "");
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
  const auto settings = demands_of(R"({"step": "restart-runtime", "settings": {"configVersion": 3,
      "maxConfNum": 0, "setupSerially": true, "internalLoopback": true, "binDir": "/a",
      "binDirs": ["/b"], "handlers": {"fast": {"confDir": "/etc/cni/fast.d", "maxConfNum": 2}}}})")
                            .settings;
  EXPECT_EQ(settings.config_version, 3);
  EXPECT_EQ(settings.max_conf_num, 0);
  EXPECT_TRUE(settings.setup_serially);
  EXPECT_TRUE(settings.internal_loopback);
  EXPECT_EQ(settings.bin_dir, "/a");
  EXPECT_THAT(settings.bin_dirs, ElementsAre("/b"));
  ASSERT_TRUE(settings.handlers.contains("fast"));
  EXPECT_EQ(settings.handlers.at("fast").conf_dir, "/etc/cni/fast.d");
  EXPECT_EQ(settings.handlers.at("fast").max_conf_num, 2);
  const std::string third = R"({"step": "restart-runtime", "settings": {"configVersion": 3}}, )";
  EXPECT_EQ(demands_of(third + R"({"step": "restart-runtime"})").settings.config_version, 3);
  const auto defaults =
      demands_of(third + R"({"step": "restart-runtime", "settings": {}})").settings;
  EXPECT_EQ(defaults.config_version, 2);
  EXPECT_FALSE(defaults.max_conf_num);
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
  EXPECT_TRUE(demands_of(R"({"step": "run", "count": 3, "parallel": true})").pods_at_once);
  EXPECT_FALSE(demands_of(R"({"step": "run", "count": 3})").pods_at_once);
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
  EXPECT_EQ(refusal_of(with(R"(, "how": "configmap")")), "");
  EXPECT_EQ(refusal_of(with(R"(, "dir": "/etc/cni/own.d")")), "");
  EXPECT_THAT(refusal_of(with(R"(, "how": "teleport")")), HasSubstr("symlink-swap or configmap"));
  EXPECT_THAT(refusal_of(with(R"(, "dir": "/etc")")), HasSubstr("/dir"));
}

TEST(CallApiStep, KnowsTheVersionsOfCri) {
  EXPECT_EQ(refusal_of(R"({"step": "call-api", "api": "v1alpha2"})"), "");
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

TEST(Scenario, OfANewerFormatIsRefusedInOneSentence) {
  auto text = Json::parse(R"({"id": "a", "title": "A", "steps": [{"step": "run"}]})");
  text["format"] = 1;
  EXPECT_TRUE(scenario_from_json(text, "a.json"));
  text["format"] = 2;
  text["moons"] = 1;
  EXPECT_EQ(
      scenario_from_json(text, "a.json").error().message,
      "a.json: at /format: a scenario of format 2, and this cni-matrix reads formats up to 1; "
      "install a newer one");
}

TEST(Scenario, SaysWhatItsNodeHas) {
  auto text = Json::parse(R"({"id": "a", "title": "A", "steps": [{"step": "run"}],
                              "node": {"daemons": [{"name": "d", "argv": ["true"]}]}})");
  const auto scenario = scenario_from_json(text, "a.json");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->node->name, "a");
  EXPECT_EQ(scenario->node->at, "/node");
  EXPECT_THAT(scenario->description->daemon_names(), ElementsAre("d"));
  text["node"]["daemons"][0]["argv"] = {"/opt/../x"};
  EXPECT_EQ(
      scenario_from_json(text, "a.json").error().message,
      "a.json: at /node/daemons/0/argv/0: /opt/../x: write it without \"..\", \".\" and double "
      "slashes");
  text["node"] = "acme";
  EXPECT_EQ(scenario_from_json(text, "a.json")->node->name, "acme");
  text["node"] = "missing";
  EXPECT_THAT(scenario_from_json(text, "a.json").error().message,
              HasSubstr("a.json: at /node: there is no file missing"));
}

TEST(Scenario, StepsOfProgramsSayWhatIsWrong) {
  EXPECT_THAT(
      refusal_of(R"({"step": "daemon", "daemon": "d", "do": "hug"})"),
      HasSubstr("mine.json: /steps/0/do: await, kill, restart, start or stop, not \"hug\""));
  EXPECT_THAT(refusal_of(R"({"step": "command", "argv": ["a/../b"]})"), HasSubstr("/argv/0"));
  EXPECT_THAT(refusal_of(R"({"step": "command", "argv": ["a"], "output": "("})"),
              HasSubstr("not a regular expression"));
  EXPECT_THAT(refusal_of(R"({"step": "command", "argv": []})"), HasSubstr("must not be empty"));
}

}  // namespace
}  // namespace cni_matrix::scenario
