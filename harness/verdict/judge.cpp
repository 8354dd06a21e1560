#include "judge.hpp"

#include "conditions.hpp"
#include "failures.hpp"
#include "leftover_account.hpp"
#include "moment.hpp"
#include "normalise.hpp"
#include "pod_account.hpp"

#include "runtime/release_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using Kind = BehaviourCase::Kind;

// The rule for the trace that every ADD has a DEL.
constexpr std::string_view k_del_rule = "add-has-del";

constexpr std::string_view k_setup = "failed to setup network for sandbox \"<ID>\": ";
constexpr std::string_view k_destroy = "failed to destroy network for sandbox \"<ID>\": ";
constexpr std::string_view k_forced = "failed to forcibly stop sandbox \"<ID>\": ";

struct Candidate {
  const KnownBehaviour* behaviour = nullptr;
  const BehaviourCase* rule = nullptr;
};

// What a reboot does not take away.
bool is_on_disk(node::LeakClass leak) {
  return node::traits_of(leak).on_disk;
}

class Judge {
 public:
  Judge(const KnownBehaviours& behaviours, const Observation& observation)
      : m_behaviours(behaviours), m_observation(observation), m_now(observation) {}

  Judgement result() {
    const auto whole = candidates(Kind::outcome, {});
    if (whole.empty()) {
      return by_steps();
    }
    if (const auto* candidate = fitting(whole)) {
      accept(*candidate);
      return conclusion();
    }
    // It may not have come as far as the scenario means to: a pod of this cell cannot be started.
    if (auto other = Judge(m_behaviours, m_observation).by_steps();
        other.verdict == Verdict::known && any_unexpected_failure(m_observation)) {
      return other;
    }
    refute(*whole.front().behaviour);
    return conclusion();
  }

 private:
  Judgement by_steps() {
    for (const auto& step : m_observation.steps) {
      take(step);
    }
    for (auto& [name, pod] : m_pods) {
      finish_pod(pod);
    }
    check_leftovers();
    return conclusion();
  }

  Judgement conclusion() {
    if (!m_failure.empty()) {
      m_judgement.verdict = Verdict::fail;
      m_judgement.reason = m_failure;
    } else if (!m_leak.empty()) {
      m_judgement.verdict = Verdict::leak;
      m_judgement.reason = m_leak;
    } else if (!m_judgement.known.empty()) {
      m_judgement.verdict = Verdict::known;
    }
    return std::move(m_judgement);
  }

  [[nodiscard]] bool has_host_port() const {
    return m_observation.host_port || (m_pod != nullptr && m_pod->host_port);
  }

  [[nodiscard]] bool any_host_port() const {
    return m_observation.host_port ||
           std::any_of(m_observation.steps.begin(), m_observation.steps.end(),
                       [](const scenario::StepResult& step) { return step.effect.host_port; });
  }

  std::vector<Candidate> candidates(Kind kind, std::string_view step) const {
    std::vector<Candidate> result;
    if (m_pod != nullptr && m_pod->host_network) {
      return result;  // CNI has no part in it
    }
    for (const auto& behaviour : m_behaviours.all()) {
      for (const auto& rule : behaviour.cases) {
        if (rule.kind == kind &&
            (step.empty() ||
             std::find(rule.steps.begin(), rule.steps.end(), step) != rule.steps.end()) &&
            applies(rule.when, m_now, m_pod == nullptr ? Creation() : m_pod->created,
                    has_host_port(), m_observation)) {
          result.push_back({&behaviour, &rule});
        }
      }
    }
    return result;
  }

  // The first of them whose failing steps are those that were seen; null when there is none.
  [[nodiscard]] const Candidate* fitting(const std::vector<Candidate>& expected) const {
    const auto found =
        std::find_if(expected.begin(), expected.end(), [&](const Candidate& candidate) {
          return fails_so(*candidate.rule, m_observation, m_now.cni_version);
        });
    return found == expected.end() ? nullptr : &*found;
  }

  // Its steps went so; the leftovers have to be as it says too.
  void accept(const Candidate& candidate) {
    note(*candidate.behaviour);
    const auto& rule = *candidate.rule;
    Leaks leaves;
    for (const auto leak : rule.leaves) {
      if (makes(m_now, any_host_port(), leak)) {
        leaves.insert(leak);
      }
    }
    m_leftovers.require(leaves, candidate.behaviour->id);
    m_leftovers.allow(rule.may_leave);
    check_leftovers();
  }

  void refute(const KnownBehaviour& behaviour) {
    std::vector<std::string> seen;
    for (const auto& step : m_observation.steps) {
      if (!step.ok) {
        seen.push_back(fmt::format("{}: {}", step.step, normalise_error(step.error)));
      }
    }
    fail(fmt::format("{}: it went otherwise than {} says: {}",
                     behaviour.observed ? "changed" : "refuted", behaviour.id,
                     seen.empty() ? "no step failed" : fmt::format("{}", fmt::join(seen, "; "))));
  }

  void fail(std::string reason) {
    if (m_failure.empty()) {
      m_failure = std::move(reason);
    }
  }

  void note(const KnownBehaviour& behaviour) {
    auto& known = m_judgement.known;
    if (std::find(known.begin(), known.end(), behaviour.id) == known.end()) {
      known.push_back(behaviour.id);
    }
    if (m_judgement.remedy.empty()) {
      m_judgement.remedy = behaviour.remedy;
    }
  }

  // The candidate that says what happened. Null when the step succeeded and should have, and when
  // it is a failure of the cell, which is noted.
  const BehaviourCase* compare(
      const scenario::StepResult& step,
      const std::vector<std::pair<Candidate, std::string_view>>& expected) {
    if (step.ok) {
      if (!step.expect.empty()) {
        fail(fmt::format("{} should have failed, with an error like: {}", step.step, step.expect));
      } else if (!expected.empty()) {
        const auto& behaviour = *expected.front().first.behaviour;
        fail(behaviour.observed
                 ? fmt::format("changed: {} says that {} fails here, and it succeeded",
                               behaviour.id, step.step)
                 : fmt::format("refuted: {} predicts that {} fails here, and it succeeded",
                               behaviour.id, step.step));
      }
      return nullptr;
    }
    if (fails_as_meant(step)) {
      return nullptr;
    }
    const auto text = normalise_error(step.error);
    std::set<std::string> others;
    for (const auto& [candidate, prefix] : expected) {
      if (is_error_of(*candidate.rule, prefix, text, m_now.cni_version)) {
        note(*candidate.behaviour);
        return candidate.rule;
      }
      others.insert(candidate.behaviour->id);
    }
    fail(others.empty()
             ? fmt::format("{} failed, and no known behaviour explains it: {}", step.step, text)
             : fmt::format("{} failed otherwise than {} says: {}", step.step,
                           fmt::join(others, ", "), text));
    return nullptr;
  }

  static std::vector<std::pair<Candidate, std::string_view>> with_prefix(
      const std::vector<Candidate>& list, std::string_view prefix) {
    std::vector<std::pair<Candidate, std::string_view>> result;
    result.reserve(list.size());
    for (const auto& candidate : list) {
      result.emplace_back(candidate, prefix);
    }
    return result;
  }

  void take(const scenario::StepResult& step) {
    m_pod = &m_pods[step.pod];
    using Call = scenario::Effect::Call;
    const auto& effect = step.effect;
    switch (effect.call) {
      case Call::run:
        return run(step);
      case Call::stop:
        return stop(step);
      case Call::remove:
        return remove(step);
      case Call::none:
        break;
    }
    if (effect.rule == k_del_rule && m_del_failed && !step.ok) {
      return;  // follows from what is known already
    }
    if (effect.containerd) {
      m_now.take(effect);  // a failure of this step is one of the new containerd
    }
    const auto name = effect.rule.empty() ? step.step : "trace:" + effect.rule;
    compare(step, with_prefix(candidates(Kind::failure, name), {}));
    m_now.take(effect);
  }

  void run(const scenario::StepResult& step) {
    finish_pod(*m_pod);
    *m_pod = PodAccount{};
    m_pod->exists = true;
    m_pod->host_network = step.effect.host_network;
    m_pod->host_port = step.effect.host_port;
    m_now.netns_gone = false;
    m_now.rebooted = false;
    const auto* rule = compare(step, with_prefix(candidates(Kind::failure, "run"), k_setup));
    if (step.ok) {
      m_pod->created = {m_now.cni_version, m_now.containerd};
      return;
    }
    m_pod->run_failed = true;
    if (rule != nullptr) {
      clean_up(*rule);
    }
  }

  // containerd calls DEL after a failed ADD. What follows when that cannot work is a behaviour too.
  void clean_up(const BehaviourCase& failure) {
    m_pod->record = "forgotten";
    if (candidates(Kind::failure, "stop").empty()) {
      return;
    }
    m_del_failed = true;
    add_leaves(failure, m_pod->leaks);
    const bool made = failure.interface_made.value_or(false);
    for (const auto& candidate : candidates(Kind::failed_clean_up, {})) {
      if (flag_fits(candidate.rule->interface_made, made)) {
        note(*candidate.behaviour);
        m_pod->record = candidate.rule->record;
        m_pod->leaves_by = candidate.behaviour->id;
        add_leaves(*candidate.rule, m_pod->record == "stuck" ? m_pod->leaves : m_pod->leaks);
        return;
      }
    }
  }

  void add_leaves(const BehaviourCase& rule, Leaks& target) {
    for (const auto leak : rule.leaves) {
      if (makes(m_now, has_host_port(), leak)) {
        require(leak, target);
      }
    }
    m_leftovers.allow(rule.may_leave);
  }

  // What was taken from one pod another may still have.
  void require(node::LeakClass leak, Leaks& target) {
    if (m_now.damaged.contains(leak)) {
      m_leftovers.allow(leak);
    } else if (!vanished(leak)) {
      target.insert(leak);
    }
  }

  // With its namespace a pod's interfaces go, and with a reboot what is not on the disk.
  [[nodiscard]] bool vanished(node::LeakClass leak) const {
    return (m_now.netns_gone &&
            (leak == node::LeakClass::netns || leak == node::LeakClass::veth)) ||
           (m_now.rebooted && !is_on_disk(leak));
  }

  // A leak that is left, or has to be.
  [[nodiscard]] bool shows(const BehaviourCase& leak) const {
    return std::any_of(leak.leaves.begin(), leak.leaves.end(),
                       [this](node::LeakClass left) { return !vanished(left); }) ||
           std::any_of(leak.may_leave.begin(), leak.may_leave.end(), [this](node::LeakClass left) {
             return m_observation.leftover.contains(left);
           });
  }

  void stop(const scenario::StepResult& step) {
    m_pod->stop_tried = true;
    if (m_pod->run_failed && m_pod->record == "forgotten") {
      fail(fmt::format("changed: a pod whose start failed is still there on containerd {}",
                       m_now.containerd.str()));
    }
    const bool easy = m_pod->stopped || m_pod->record == "releasable";
    const auto expected = easy ? std::vector<Candidate>() : candidates(Kind::failure, "stop");
    const auto* rule = compare(step, with_prefix(expected, k_destroy));
    if (!step.ok) {
      if (rule != nullptr && !m_pod->run_failed) {
        m_pod->leaves.clear();
        stays(*rule);
      }
      return;
    }
    if (!m_pod->stopped && !m_pod->run_failed) {
      for (const auto& leak : candidates(Kind::leak, {})) {
        if (!shows(*leak.rule)) {
          continue;
        }
        note(*leak.behaviour);
        m_pod->leaves_by = leak.behaviour->id;
        add_leaves(*leak.rule, m_pod->leaks);
      }
    }
    m_pod->stopped = true;
    m_pod->leaves.clear();
  }

  void stays(const BehaviourCase& rule) {
    m_del_failed = true;
    m_pod->leaves_by = m_judgement.known.empty() ? "" : m_judgement.known.back();
    if (rule.leaves_everything) {
      Leaks everything;
      if (m_observation.after_run) {
        for (const auto leak : *m_observation.after_run) {
          // The others come and go with these; see check_leftovers().
          if (node::is_primary(leak)) {
            everything.insert(leak);
          }
        }
      } else {
        for (const auto leak : node::k_leak_classes) {
          if (node::is_primary(leak) && makes(m_now, has_host_port(), leak)) {
            everything.insert(leak);
          }
        }
      }
      for (const auto leak : everything) {
        if (leak != node::LeakClass::process) {
          require(leak, m_pod->leaves);
        }
      }
    }
    add_leaves(rule, m_pod->leaves);
  }

  void remove(const scenario::StepResult& step) {
    m_pod->remove_tried = true;
    std::vector<std::pair<Candidate, std::string_view>> expected;
    if (!m_pod->stopped && !m_pod->removed && m_pod->record != "releasable") {
      if (!m_pod->stop_tried || m_pod->run_failed ||
          release_facts(m_now.containerd).removal == ReleaseFacts::Removal::stop_always) {
        static const auto forced = std::string(k_forced) + std::string(k_destroy);
        expected = with_prefix(candidates(Kind::failure, "stop"), forced);
      }
      if (m_pod->stop_tried) {
        const auto more = with_prefix(candidates(Kind::failure, "remove"), {});
        expected.insert(expected.end(), more.begin(), more.end());
      }
    }
    const auto* rule = compare(step, expected);
    if (rule != nullptr && !m_pod->stop_tried && !m_pod->run_failed) {
      stays(*rule);
    }
    if (step.ok) {
      m_pod->removed = true;
      m_pod->leaves.erase(node::LeakClass::pod_record);
      // Where a pod goes that could not be stopped, what it had stays without it.
      if (!m_pod->stopped && !m_pod->stop_tried) {
        m_pod->leaves.clear();
      }
    }
  }

  void finish_pod(PodAccount& pod) {
    if (!pod.exists) {
      return;
    }
    m_leftovers.require(pod.leaves, pod.leaves_by);
    m_leftovers.require(pod.leaks, pod.leaves_by);
    if (!pod.run_failed && !pod.remove_tried) {
      // The scenario itself leaves the pod alone.
      m_leftovers.allow_all();
    }
    pod.exists = false;
  }

  void check_leftovers() {
    const auto finding = m_leftovers.check(m_observation.leftover);
    if (!finding.missing.empty()) {
      fail(finding.missing);
    }
    m_leak = finding.unexplained;
  }

  const KnownBehaviours& m_behaviours;
  const Observation& m_observation;
  Moment m_now;
  std::map<std::string, PodAccount> m_pods;  // by the scenario's names
  PodAccount* m_pod = nullptr;               // the one that the step is about
  LeftoverAccount m_leftovers;
  bool m_del_failed = false;  // of some pod, as a known behaviour says
  std::string m_failure;
  std::string m_leak;
  Judgement m_judgement;
};

}  // namespace

Judgement judge(const KnownBehaviours& behaviours, const Observation& observation) {
  return Judge(behaviours, observation).result();
}

}  // namespace cni_matrix::verdict
