#include "verdict/judge.hpp"

#include "observed_rows.hpp"

#include "verdict/normalise.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::observed_rows;
using testing_support::step_of;
using testing_support::steps_of;

const KnownBehaviours& shipped() {
  static const auto behaviours = value_or_throw(KnownBehaviours::load());
  return behaviours;
}

bool accepted(const Observation& observation) {
  const auto verdict = judge(shipped(), observation).verdict;
  return verdict == Verdict::pass || verdict == Verdict::known;
}

std::string describe(const Observation& observation) {
  std::string text = observation.name + (observation.host_port ? " hostport" : "") +
                     (observation.mark_chain ? " markchain" : "");
  for (const auto& step : observation.steps) {
    text += "\n  " + step.step + " " + step.detail + (step.ok ? " ok" : " " + step.error);
  }
  for (const auto leak : observation.leftover) {
    text += "\n  left: " + std::string(node::name_of(leak));
  }
  return text;
}

TEST(ObservedRows, EachIsExplained) {
  const auto rows = observed_rows();
  ASSERT_GE(rows.size(), 748U);
  std::size_t known = 0;
  for (const auto& row : rows) {
    const auto judgement = judge(shipped(), row);
    EXPECT_TRUE(judgement.verdict == Verdict::pass || judgement.verdict == Verdict::known)
        << describe(row) << "\n  => " << name_of(judgement.verdict) << ": " << judgement.reason;
    known += judgement.verdict == Verdict::known ? 1U : 0U;
  }
  EXPECT_GT(known, 200U);
}

TEST(ObservedRows, NoneIsExplainedWithAnotherError) {
  for (auto row : observed_rows()) {
    for (auto& step : row.steps) {
      if (!step.ok) {
        auto kept = step.error;
        step.error = normalise_error(kept) + ", or so";
        // Behind the banner of iptables any wording of the missing chain is taken.
        if (kept.find("KUBE-MARK-MASQ") == std::string::npos) {
          EXPECT_FALSE(accepted(row)) << describe(row);
        }
        step.error = "rpc error: something else";
        EXPECT_FALSE(accepted(row)) << describe(row);
        step.error = kept;
      }
    }
  }
}

TEST(ObservedRows, NoneMaySucceedOrFailInstead) {
  for (auto row : observed_rows()) {
    for (auto& step : row.steps) {
      const auto kept = step;
      step.ok = !kept.ok;
      step.error = step.ok ? "" : "failed to do it";
      EXPECT_FALSE(accepted(row)) << describe(row);
      step = kept;
    }
  }
}

TEST(ObservedRows, LeftoversAreExact) {
  for (auto row : observed_rows()) {
    const auto kept = row.leftover;
    for (const auto leak : node::k_leak_classes) {
      if (leak == node::LeakClass::process || !node::is_primary(leak)) {
        continue;
      }
      row.leftover = kept;
      if (kept.contains(leak)) {
        row.leftover.erase(leak);
        EXPECT_EQ(judge(shipped(), row).verdict, Verdict::fail) << describe(row);
      } else {
        row.leftover.insert(leak);
        EXPECT_EQ(judge(shipped(), row).verdict, Verdict::leak) << describe(row);
      }
    }
  }
}

TEST(ObservedRows, SecondaryClassesComeWithPrimaryOnesOnly) {
  for (auto row : observed_rows()) {
    const bool left_anything = !row.leftover.empty();
    const bool passed = judge(shipped(), row).verdict == Verdict::pass;
    row.leftover.insert({node::LeakClass::filter_rule, node::LeakClass::mount});
    if (left_anything) {
      EXPECT_TRUE(accepted(row)) << describe(row);
    } else if (passed) {
      EXPECT_EQ(judge(shipped(), row).verdict, Verdict::leak) << describe(row);
    }
  }
}

Observation lifecycle(const char* containerd, const char* plugins, const char* cni_version) {
  Observation observation;
  observation.containerd = *Version::parse(containerd);
  observation.plugins = *Version::parse(plugins);
  observation.cni_version = cni_version;
  observation.traits = {"bridge", "host-local", "ipMasq", "portmap", "externalSetMarkChain"};
  observation.scenario = "lifecycle";
  observation.steps = steps_of({{"RunPodSandbox", "", true, ""},
                                {"StopPodSandbox", "", true, ""},
                                {"RemovePodSandbox", "", true, ""}});
  return observation;
}

const std::string k_id(64, 'a');

TEST(Judge, PassesWhatWorks) {
  const auto judgement = judge(shipped(), lifecycle("1.6.20", "1.1.1", "1.0.0"));
  EXPECT_EQ(judgement.verdict, Verdict::pass);
  EXPECT_TRUE(judgement.known.empty());
}

TEST(Judge, SaysWhatChanged) {
  const auto judgement = judge(shipped(), lifecycle("1.6.2", "1.1.1", "none"));
  EXPECT_EQ(judgement.verdict, Verdict::fail);
  EXPECT_THAT(judgement.reason, HasSubstr("changed: F02"));
}

TEST(Judge, NamesLoopbackOf163AndWhatItLeaves) {
  auto observation = lifecycle("1.6.3", "0.9.0", "0.4.0");
  observation.steps = steps_of(
      {{"RunPodSandbox", "", false,
        "failed to setup network for sandbox \"" + k_id +
            "\": plugin type=\"loopback\" failed (add): incompatible CNI versions; config is "
            "\"1.0.0\", plugin supports [\"0.1.0\" \"0.2.0\" \"0.3.0\" \"0.3.1\" \"0.4.0\"]"}});
  observation.leftover = {node::LeakClass::lease, node::LeakClass::nat_rule,
                          node::LeakClass::cached_result};
  const auto judgement = judge(shipped(), observation);
  EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
  EXPECT_THAT(judgement.known, ElementsAre("F01", "F30"));
  EXPECT_THAT(judgement.remedy, HasSubstr("1.6.4"));
  observation.leftover.clear();
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);
}

TEST(Judge, FollowsTheRuntimeThroughADowngrade) {
  auto observation = lifecycle("1.6.4", "1.1.1", "none");
  const auto error = "failed to destroy network for sandbox \"" + k_id +
                     "\": invalid version \"\": the version is empty";
  observation.scenario = "replace-runtime";
  observation.after_run = std::set{node::LeakClass::netns, node::LeakClass::lease};
  observation.leftover = *observation.after_run;
  observation.steps = steps_of({{"RunPodSandbox", "", true, ""},
                                {"replace-runtime", "1.6.2", true, ""},
                                {"StopPodSandbox", "", false, error},
                                {"RemovePodSandbox", "", false,
                                 "failed to forcibly stop sandbox \"" + k_id + "\": " + error}});
  EXPECT_THAT(judge(shipped(), observation).known, ElementsAre("F02"));
  observation.steps[1] = step_of({"replace-runtime", "1.6.20", true, ""});
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);
}

TEST(Judge, KnowsWhichContainerdStartedAPod) {
  auto observation = lifecycle("1.6.12", "1.1.1", "0.4.0");
  observation.scenario = "upgrade";
  observation.steps = steps_of({{"RunPodSandbox", "", true, "", "old"},
                                {"replace-runtime", "1.7.28", true, ""},
                                {"RunPodSandbox", "", true, "", "new"},
                                {"StopPodSandbox", "", true, "", "old"},
                                {"RemovePodSandbox", "", true, "", "old"},
                                {"StopPodSandbox", "", true, "", "new"},
                                {"RemovePodSandbox", "", true, "", "new"}});
  using enum node::LeakClass;
  observation.leftover = {lease, nat_rule, cached_result};
  EXPECT_THAT(judge(shipped(), observation).known, ElementsAre("F33"));
  observation.containerd = *Version::parse("1.6.15");
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::leak);
}

TEST(Judge, NamesWhatMayBeLeftOnlyWhereItIs) {
  auto observation = lifecycle("2.1.9", "1.1.1", "0.4.0");
  observation.scenario = "downgrade";
  observation.steps.insert(observation.steps.begin() + 1,
                           step_of({"replace-runtime", "1.7.24", true, ""}));
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::pass);
  observation.leftover = {node::LeakClass::process};
  EXPECT_THAT(judge(shipped(), observation).known, ElementsAre("F130"));
}

TEST(Judge, ReplacingOnePluginLeavesTheOthersWhatTheyWere) {
  auto observation = lifecycle("1.6.20", "1.1.1", "1.0.0");
  observation.steps.insert(observation.steps.begin(),
                           step_of({"replace-plugins", "portmap 0.9.0", true, ""}));
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::pass);
  observation.steps[0] =
      step_of({"replace-plugins", "0.9.0", true, ""});  // all of them: F03 is due
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);
}

TEST(Judge, ARebootTakesWhatIsNotOnTheDisk) {
  auto observation = lifecycle("1.6.20", "1.1.1", "0.4.0");
  observation.steps.insert(observation.steps.begin() + 1, step_of({"reboot", "", true, ""}));
  // The rules of F25 went with the node's others.
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::pass);
  observation.steps[1] = step_of({"delete-netns", "", true, ""});
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);

  // Where a pod cannot be stopped, what is on the disk stays; up to 1.5 the pod can be removed
  // then.
  const auto error = "failed to destroy network for sandbox \"" + k_id +
                     "\": invalid version \"\": the version is empty";
  observation = lifecycle("1.4.13", "1.1.1", "none");
  using enum node::LeakClass;
  observation.after_run = std::set{netns, veth, lease, cached_result, nat_rule};
  observation.leftover = {lease, cached_result};
  observation.steps = steps_of({{"RunPodSandbox", "", true, ""},
                                {"reboot", "", true, ""},
                                {"StopPodSandbox", "", false, error},
                                {"RemovePodSandbox", "", true, ""}});
  const auto judgement = judge(shipped(), observation);
  EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
  EXPECT_THAT(judgement.known, ElementsAre("F02"));
  observation.leftover.erase(lease);
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);
}

TEST(Judge, ReportsALeakOfASuccess) {
  auto observation = lifecycle("1.6.20", "1.1.1", "1.0.0");
  observation.leftover = {node::LeakClass::veth};
  const auto judgement = judge(shipped(), observation);
  EXPECT_EQ(judgement.verdict, Verdict::leak);
  EXPECT_THAT(judgement.reason, HasSubstr("veth"));
}

// Whether a configuration file is refused is a matter of the containerd that is to read it.
TEST(Judge, AFailedReplacementIsOneOfTheNewContainerd) {
  Observation observation;
  observation.scenario = "config-v3-kept";
  observation.containerd = *Version::parse("2.1.9");
  observation.plugins = *Version::parse("1.1.1");
  observation.cni_version = "0.4.0";
  const std::string error = "unsupported config version `3`";
  observation.steps = steps_of({{"replace-runtime", "1.7.24", false, error}});
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::known);
  observation.steps = steps_of({{"replace-runtime", "2.0.5", false, error}});
  EXPECT_EQ(judge(shipped(), observation).verdict, Verdict::fail);
}

TEST(Judge, WithoutBehavioursEveryFailureIsOne) {
  auto observation = lifecycle("1.6.20", "1.1.1", "1.0.0");
  observation.steps[1] = step_of({"StopPodSandbox", "", false, "no"});
  EXPECT_EQ(judge(KnownBehaviours(), observation).verdict, Verdict::fail);
}

// del-not-found as containerd 1.4.13 did it.
Observation unstopped() {
  auto seen = lifecycle("1.4.13", "1.1.1", "0.4.0");
  seen.scenario = "del-not-found";
  seen.steps = steps_of(
      {{"RunPodSandbox", "", true, ""},
       {"StopPodSandbox", "", false, "plugin failed: the tool was not found"},
       {"RemovePodSandbox", "", false, "sandbox network namespace \"x\" is not fully closed"}});
  using enum node::LeakClass;
  seen.leftover = {netns, veth, lease, cached_result, nat_rule, pod_record};
  return seen;
}

TEST(Outcomes, AreKnownOnlyAsAWhole) {
  const auto judgement = judge(shipped(), unstopped());
  EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
  EXPECT_THAT(judgement.known, ElementsAre("F93"));

  auto other_era = unstopped();
  other_era.containerd = *Version::parse("2.1.9");
  EXPECT_EQ(judge(shipped(), other_era).verdict, Verdict::fail);
  auto stopped = unstopped();
  stopped.steps[1].ok = true;
  EXPECT_THAT(judge(shipped(), stopped).reason, HasSubstr("changed: it went otherwise than F93"));
  auto other_error = unstopped();
  other_error.steps[2].error = "something else";
  EXPECT_EQ(judge(shipped(), other_error).verdict, Verdict::fail);
  auto cleaner = unstopped();
  cleaner.leftover.erase(node::LeakClass::lease);
  EXPECT_THAT(judge(shipped(), cleaner).reason, HasSubstr("and it is not: lease"));
  auto dirtier = unstopped();
  dirtier.leftover.insert(node::LeakClass::process);
  EXPECT_EQ(judge(shipped(), dirtier).verdict, Verdict::leak);
}

// A scenario makes ADD fail, and the calls tell that DEL failed too.
Observation clean_up_fails(const char* containerd, const std::vector<testing_support::Told>& then) {
  auto seen = lifecycle(containerd, "1.1.1", "0.4.0");
  seen.scenario = "anything";
  seen.steps = steps_of({{"RunPodSandbox", "", false, "no way in", "", "no way in"}});
  const auto more = steps_of(then);
  seen.steps.insert(seen.steps.end(), more.begin(), more.end());
  using enum node::LeakClass;
  seen.undeleted = Undeleted{{veth, lease, nat_rule}, false, {{true, Undeleted::Is::gone}}};
  seen.undeleted->starts.resize(seen.steps.size());
  return seen;
}

TEST(CleanUp, ThatFailsIsKnownByTheContainerdInAnyScenario) {
  using enum node::LeakClass;
  auto forgotten = clean_up_fails("2.1.9", {});
  forgotten.leftover = {lease, nat_rule};
  EXPECT_THAT(judge(shipped(), forgotten).known, ElementsAre("F34"));
  forgotten.leftover = {nat_rule};
  EXPECT_THAT(judge(shipped(), forgotten).reason, HasSubstr("and it is not: lease"));

  const std::string error = "failed to destroy network for sandbox \"" + k_id +
                            "\": plugin type=\"portmap\" failed (delete): no way out";
  auto stuck =
      clean_up_fails("1.6.20", {{"StopPodSandbox", "", false, error},
                                {"RemovePodSandbox", "", false,
                                 "failed to forcibly stop sandbox \"" + k_id + "\": " + error}});
  stuck.leftover = {netns, veth, lease, nat_rule, pod_record};
  const auto judgement = judge(shipped(), stuck);
  EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
  EXPECT_THAT(judgement.known, ElementsAre("F90"));
  stuck.containerd = *Version::parse("1.7.24");
  EXPECT_EQ(judge(shipped(), stuck).verdict, Verdict::fail);

  auto repaired = clean_up_fails(
      "1.6.20", {{"StopPodSandbox", "", true, ""}, {"RemovePodSandbox", "", true, ""}});
  repaired.undeleted->made.clear();
  EXPECT_THAT(judge(shipped(), repaired).known, ElementsAre("F90"));
  repaired.leftover = {lease};
  EXPECT_EQ(judge(shipped(), repaired).verdict, Verdict::leak);
}

// Without a result of ADD firewall's DEL deletes nothing.
// A pod that stays does not hide what another one leaves.
TEST(Leftovers, AreOfTheirPods) {
  const std::string other(64, 'b');
  auto seen = lifecycle("1.6.2", "1.1.1", "none");
  const std::string error = "failed to destroy network for sandbox \"" + k_id +
                            "\": invalid version \"\": the version is empty";
  seen.steps = steps_of({{"RunPodSandbox", "", true, "", "a"},
                         {"replace-runtime", "1.6.20", true, ""},
                         {"RunPodSandbox", "", true, "", "b"},
                         {"StopPodSandbox", "", true, "", "b"},
                         {"RemovePodSandbox", "", true, "", "b"},
                         {"replace-runtime", "1.6.2", true, ""},
                         {"StopPodSandbox", "", false, error, "a"},
                         {"RemovePodSandbox", "", false,
                          "failed to forcibly stop sandbox \"" + k_id + "\": " + error, "a"}});
  seen.steps[0].effect.pod_id = k_id;
  seen.steps[2].effect.pod_id = other;
  using enum node::LeakClass;
  seen.after_run = std::set{netns, veth, lease, nat_rule};
  seen.leftover = {netns, veth, lease, nat_rule};
  seen.leftover_of[k_id] = {lease, nat_rule};
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  seen.leftover_of[other] = {lease};
  const auto judgement = judge(shipped(), seen);
  EXPECT_EQ(judgement.verdict, Verdict::leak);
  EXPECT_THAT(judgement.reason, HasSubstr("a pod that was stopped and removed"));
}

TEST(CleanUp, ThatSucceedsMayLeaveSomethingToo) {
  auto seen = lifecycle("2.1.9", "1.1.1", "0.4.0");
  seen.scenario = "anything";
  seen.steps = steps_of({{"RunPodSandbox", "", false, "no way in", "", "no way in"}});
  seen.leftover = {node::LeakClass::filter_rule};
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::leak);
  seen.traits.emplace_back("firewall");
  EXPECT_THAT(judge(shipped(), seen).known, ElementsAre("F56"));
  seen.leftover.clear();
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::pass);
}

// What ADD never made cannot be left.
TEST(CleanUp, LeavesOnlyWhatWasMade) {
  auto seen = clean_up_fails("2.1.9", {});
  seen.undeleted->made = {node::LeakClass::lease};
  seen.leftover = {node::LeakClass::lease};
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  seen.leftover.insert(node::LeakClass::nat_rule);
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::leak);
  // A plugin that nobody knows may have made it.
  seen.undeleted->unknown = true;
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
}

Observation renamed(const std::optional<std::string>& go_iptables, bool stops) {
  auto seen = lifecycle("1.6.20", "1.6.2", "1.0.0");
  seen.network = "before";
  if (go_iptables) {
    seen.built_with[""] = {{"github.com/coreos/go-iptables", *go_iptables}};
  }
  auto edit = step_of({"edit-conflist", "1.0.0", true, ""});
  edit.effect.state["network"] = "after";
  seen.steps.insert(seen.steps.begin() + 1, edit);
  if (!stops) {
    seen.steps[2] = step_of(
        {"StopPodSandbox", "", false,
         "failed to destroy network for sandbox \"" + k_id +
             "\": plugin type=\"bridge\" failed (delete): running [/usr/sbin/iptables -t nat -D "
             "POSTROUTING -s 10.88.0.2 -j CNI-0123456789abcdef01234567]: exit status 2: iptables "
             "v1.8.9 (nf_tables): Chain 'CNI-0123456789abcdef01234567' does not exist"});
  }
  using enum node::LeakClass;
  seen.leftover = {lease, cached_result, nat_rule};
  return seen;
}

TEST(Builds, OfOneReleaseBehaveDifferently) {
  EXPECT_THAT(judge(shipped(), renamed("0.6.0", false)).known, ElementsAre("F16"))
      << judge(shipped(), renamed("0.6.0", false)).reason;
  EXPECT_THAT(judge(shipped(), renamed("0.6.0", true)).reason, HasSubstr("changed: F16"));
  EXPECT_THAT(judge(shipped(), renamed("0.8.0", true)).known, ElementsAre("F16"));
  EXPECT_EQ(judge(shipped(), renamed("0.8.0", false)).verdict, Verdict::fail);
  auto clean = renamed("0.8.0", true);
  clean.leftover.clear();
  EXPECT_EQ(judge(shipped(), clean).verdict, Verdict::fail);
}

TEST(Builds, ThatNobodyKnowsMayBehaveEitherWay) {
  for (const bool stops : {true, false}) {
    const auto judgement = judge(shipped(), renamed(std::nullopt, stops));
    EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
    EXPECT_THAT(judgement.known, ElementsAre("F16"));
    EXPECT_THAT(judgement.reason, HasSubstr("build unknown"));
  }
}

TEST(Expectations, AStepHasToFailWithTheError) {
  auto seen = lifecycle("1.6.20", "1.1.1", "0.4.0");
  seen.scenario = "add-fails";
  seen.steps = steps_of({{"RunPodSandbox", "", false, "try again later", "", "again"},
                         {"RunPodSandbox", "", true, "", "second"},
                         {"StopPodSandbox", "", true, "", "second"},
                         {"RemovePodSandbox", "", true, "", "second"}});
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::pass) << judge(shipped(), seen).reason;
  seen.steps[0].error = "no such luck";
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::fail);
  seen.steps[0].ok = true;
  EXPECT_THAT(judge(shipped(), seen).reason, HasSubstr("should have failed"));
}

TEST(Expectations, PodsAreFollowedOneByOne) {
  auto seen = lifecycle("1.6.2", "1.1.1", "none");
  seen.steps.clear();
  const std::string error = "failed to destroy network for sandbox \"" + k_id +
                            "\": invalid version \"\": the version is empty";
  for (const char* pod : {"a", "b"}) {
    seen.steps.push_back(step_of({"RunPodSandbox", "", true, "", pod}));
  }
  seen.after_run = std::set{node::LeakClass::netns, node::LeakClass::lease};
  seen.steps.push_back(step_of({"StopPodSandbox", "", false, error, "b"}));
  seen.steps.push_back(
      step_of({"RemovePodSandbox", "", false,
               "failed to forcibly stop sandbox \"" + k_id + "\": " + error, "b"}));
  seen.leftover = *seen.after_run;
  const auto judgement = judge(shipped(), seen);
  EXPECT_EQ(judgement.verdict, Verdict::known) << judgement.reason;
  // One that is gone although the behaviour says that it stays.
  seen.steps.back() = step_of({"RemovePodSandbox", "", true, "", "b"});
  EXPECT_THAT(judge(shipped(), seen).reason, HasSubstr("changed: F02"));
}

// A pod that F02 keeps, on 1.6.2 with a conflist without cniVersion.
Observation kept_by_f02(const std::string& scenario) {
  auto seen = lifecycle("1.6.2", "1.1.1", "none");
  seen.scenario = scenario;
  const std::string error = "failed to destroy network for sandbox \"" + k_id +
                            "\": invalid version \"\": the version is empty";
  seen.steps = steps_of({{"RunPodSandbox", "", true, ""},
                         {"StopPodSandbox", "", false, error},
                         {"RemovePodSandbox", "", false,
                          "failed to forcibly stop sandbox \"" + k_id + "\": " + error}});
  using enum node::LeakClass;
  seen.after_run = std::set{netns, veth, lease, cached_result, nat_rule, pod_record};
  seen.leftover = *seen.after_run;
  return seen;
}

TEST(Outcomes, YieldToWhatEndsTheScenarioEarly) {
  const auto seen = kept_by_f02("del-not-found");
  ASSERT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  EXPECT_THAT(judge(shipped(), seen).known, ElementsAre("F02"));
  // But not to a success where an outcome is known.
  auto changed = lifecycle("1.4.13", "1.9.1", "0.4.0");
  changed.scenario = "del-not-found";
  EXPECT_THAT(judge(shipped(), changed).reason, HasSubstr("F93"));
}

TEST(Expectations, ACacheThatTheScenarioDeletesIsNotLeft) {
  auto seen = kept_by_f02("cache-deleted");
  seen.leftover.erase(node::LeakClass::cached_result);
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::fail);
  seen.steps.insert(seen.steps.begin() + 1, step_of({"damage-cache", "delete", true, ""}));
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
}

TEST(Expectations, APodOfTheNodesNetworkIsNoMatterOfCni) {
  auto seen = lifecycle("1.6.2", "1.1.1", "none");
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::fail);
  seen.steps[0].effect.host_network = true;
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::pass) << judge(shipped(), seen).reason;
}

TEST(Expectations, AForcedStopThatFailsKeepsThePod) {
  auto seen = kept_by_f02("remove-without-stop");
  seen.steps.erase(seen.steps.begin() + 1);
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  seen.leftover.clear();
  EXPECT_THAT(judge(shipped(), seen).reason, HasSubstr("changed: F02"));
}

TEST(Expectations, AMissingDelFollowsFromAStopThatIsKnownToFail) {
  auto seen = kept_by_f02("trace-rules");
  seen.steps.push_back(step_of({"trace", "add-has-del", false, "bridge ADD has no DEL after it"}));
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  seen.steps.back().effect.rule = "del-in-reverse";
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::fail);
  auto clean = lifecycle("1.6.20", "1.1.1", "0.4.0");
  clean.steps.push_back(step_of({"trace", "add-has-del", false, "bridge ADD has no DEL after it"}));
  EXPECT_EQ(judge(shipped(), clean).verdict, Verdict::fail);
}

TEST(Expectations, WhatAStepTookAwayNeedNotBeLeft) {
  auto seen = lifecycle("1.6.2", "1.1.1", "none");
  const std::string error = "failed to destroy network for sandbox \"" + k_id +
                            "\": invalid version \"\": the version is empty";
  seen.after_run = std::set{node::LeakClass::netns, node::LeakClass::lease};
  seen.leftover = {node::LeakClass::netns};
  seen.steps = steps_of({{"RunPodSandbox", "", true, ""},
                         {"damage-attachment", "delete-lease", true, ""},
                         {"StopPodSandbox", "", false, error},
                         {"RemovePodSandbox", "", false,
                          "failed to forcibly stop sandbox \"" + k_id + "\": " + error}});
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::known) << judge(shipped(), seen).reason;
  seen.steps[1] = step_of({"damage-attachment", "link-down", true, ""});
  EXPECT_THAT(judge(shipped(), seen).reason, HasSubstr("and it is not: lease"));
}

TEST(Expectations, TraceRulesCanBeKnownToBreak) {
  auto seen = lifecycle("1.6.20", "1.1.1", "0.4.0");
  seen.steps.push_back(
      step_of({"trace", "no-capabilities", false,
               "portmap ADD of container 0123456789ab on eth0 got the key capabilities: {}"}));
  EXPECT_THAT(judge(shipped(), seen).known, ElementsAre("F96"));
  seen.steps.back().effect.rule = "del-in-reverse";
  EXPECT_EQ(judge(shipped(), seen).verdict, Verdict::fail);
}

}  // namespace
}  // namespace cni_matrix::verdict
