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
#include <regex>
#include <utility>

namespace cni_matrix::verdict {

namespace {

using Kind = BehaviourCase::Kind;

// The rule for the trace that every ADD has a DEL.
constexpr std::string_view k_del_rule = "add-has-del";

constexpr std::string_view k_setup = "failed to setup network for sandbox \"<ID>\": ";
constexpr std::string_view k_destroy = "failed to destroy network for sandbox \"<ID>\": ";
constexpr std::string_view k_forced = "failed to forcibly stop sandbox \"<ID>\": ";

constexpr std::size_t k_error_head = 512;

// How a pod is, for "state" of known behaviours.
constexpr const char* k_add_failed = "add-failed";
constexpr const char* k_start_failed = "start-failed";

struct Candidate {
  const KnownBehaviour* behaviour = nullptr;
  const BehaviourCase* rule = nullptr;
  bool build_unknown = false;
  // It has to show: its absence is news.
  [[nodiscard]] bool certain() const { return !build_unknown && !rule->sometimes; }
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
    if (const auto* candidate = fitting(whole)) {
      accept(*candidate);
      return conclusion();
    }
    if (std::none_of(whole.begin(), whole.end(),
                     [](const Candidate& candidate) { return candidate.certain(); })) {
      return by_steps();
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
    for (m_step = 0; m_step < m_observation.steps.size(); ++m_step) {
      take(m_observation.steps[m_step]);
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
      if (!m_build_unknown.empty()) {
        m_judgement.reason = fmt::format(
            "build unknown: whether {} shows depends on what the plugins were built with",
            m_build_unknown);
      }
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

  [[nodiscard]] const Creation& created() const {
    static const Creation none;
    return m_pod == nullptr ? none : m_pod->created;
  }

  [[nodiscard]] std::string_view state_of_pod() const {
    return m_pod == nullptr ? std::string_view() : m_pod->state;
  }

  std::vector<Candidate> candidates(Kind kind, std::string_view step) const {
    std::vector<Candidate> result;
    if (m_pod != nullptr && m_pod->host_network) {
      return result;  // CNI has no part in it
    }
    for (const auto& behaviour : m_behaviours.all()) {
      for (const auto& rule : behaviour.cases) {
        if (rule.kind != kind || (!step.empty() && std::find(rule.steps.begin(), rule.steps.end(),
                                                             step) == rule.steps.end())) {
          continue;
        }
        const auto so =
            holds(rule.when, m_now, created(), has_host_port(), state_of_pod(), m_observation);
        if (so != Holds::no) {
          result.push_back({&behaviour, &rule, so == Holds::build_unknown});
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
    note(candidate);
    const auto& rule = *candidate.rule;
    Leaks leaves;
    for (const auto leak : rule.leaves) {
      if (makes(m_now, created(), any_host_port(), leak)) {
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

  void note(const Candidate& candidate) {
    const auto& behaviour = *candidate.behaviour;
    if (candidate.build_unknown && m_build_unknown.empty()) {
      m_build_unknown = behaviour.id;
    }
    auto& known = m_judgement.known;
    if (std::find(known.begin(), known.end(), behaviour.id) == known.end()) {
      known.push_back(behaviour.id);
    }
    if (m_judgement.remedy.empty()) {
      m_judgement.remedy = behaviour.remedy;
    }
  }

  // Its name for the remedy, of the plugin that an error is about.
  void name_plugin(const std::string& error) {
    static const std::regex plugin(R"re((?:plugin type=|failed to find plugin )"([^"]{1,64})")re");
    constexpr std::string_view k_placeholder = "<PLUGIN>";
    std::smatch match;
    const auto head = error.substr(0, k_error_head);  // std::regex recurses for each character
    auto& remedy = m_judgement.remedy;
    if (const auto at = remedy.find(k_placeholder);
        at != std::string::npos && std::regex_search(head, match, plugin)) {
      remedy.replace(at, k_placeholder.size(), match[1].str());
    }
  }

  // Of a step that may have failed by what is known.
  void take_success(const scenario::StepResult& step,
                    const std::vector<std::pair<Candidate, std::string_view>>& expected) {
    for (const auto& [candidate, prefix] : expected) {
      const auto& behaviour = *candidate.behaviour;
      if (candidate.certain()) {
        fail(behaviour.observed
                 ? fmt::format("changed: {} says that {} fails here, and it succeeded",
                               behaviour.id, step.step)
                 : fmt::format("refuted: {} predicts that {} fails here, and it succeeded",
                               behaviour.id, step.step));
        return;
      }
      if (candidate.build_unknown && !candidate.rule->sometimes) {
        note(candidate);
      }
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
      } else {
        take_success(step, expected);
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
        note(candidate);
        name_plugin(text);
        return candidate.rule;
      }
      if (candidate.certain()) {
        others.insert(candidate.behaviour->id);
      }
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
    m_pod->id = step.effect.pod_id;
    m_pod->host_network = step.effect.host_network;
    m_pod->host_port = step.effect.host_port;
    m_now.begin_pod();
    const auto* rule = compare(step, with_prefix(candidates(Kind::failure, "run"), k_setup));
    if (step.ok) {
      m_pod->created = {m_now.cni_version, m_now.containerd, m_now.traits(), m_now.states()};
      return;
    }
    m_pod->run_failed = true;
    const bool seen_to_fail =
        m_observation.undeleted && m_observation.undeleted->starts.at(m_step).clean_up_failed;
    if (rule != nullptr || seen_to_fail) {
      clean_up(rule, seen_to_fail);
    }
    m_pod->state = k_add_failed;
    leak();
    m_pod->state = fails_as_meant(step) && m_pod->record == "stuck" ? k_start_failed : "";
  }

  // containerd calls DEL after a failed ADD. What follows when that cannot work is a behaviour too.
  // `failure`: what is known of ADD; null where the scenario itself makes it fail.
  void clean_up(const BehaviourCase* failure, bool seen_to_fail) {
    m_pod->record = "forgotten";
    if (!seen_to_fail && candidates(Kind::failure, "stop").empty()) {
      return;
    }
    m_del_failed = true;
    if (failure != nullptr) {
      add_leaves({nullptr, failure}, m_pod->leaks);
    }
    const bool made = failure == nullptr || failure->interface_made.value_or(false);
    for (const auto& candidate : candidates(Kind::failed_clean_up, {})) {
      if (flag_fits(candidate.rule->interface_made, made)) {
        note(candidate);
        m_pod->record = candidate.rule->record;
        m_pod->leaves_by = candidate.behaviour->id;
        add_leaves(candidate, m_pod->record == "stuck" ? m_pod->leaves : m_pod->leaks);
        return;
      }
    }
  }

  // What a failed DEL leaves is what was made and not taken back, where the calls were recorded. A
  // DEL that succeeds and leaves something is the plugin's own behaviour.
  void add_leaves(const Candidate& candidate, Leaks& target) {
    const auto& rule = *candidate.rule;
    for (const auto leak : rule.leaves) {
      if (!makes(m_now, created(), has_host_port(), leak)) {
        continue;
      }
      if (!candidate.certain()) {
        m_leftovers.allow(leak);
      } else if (rule.kind == Kind::leak || rule.once) {
        require(leak, target);
      } else {
        require_undeleted(leak, rule, target);
      }
    }
    m_leftovers.allow(rule.may_leave);
  }

  // A start that failed has a result of ADD where all plugins succeeded and the runtime did not.
  [[nodiscard]] Undeleted::Is result_of_start(const BehaviourCase& rule) const {
    const bool at_start = m_observation.steps[m_step].effect.call == scenario::Effect::Call::run;
    if (m_observation.undeleted && at_start) {
      return m_observation.undeleted->starts.at(m_step).result;
    }
    // By what is known of the version alone.
    return rule.kind == Kind::failed_clean_up ? Undeleted::Is::gone : Undeleted::Is::left;
  }

  [[nodiscard]] Undeleted::Is state_of(node::LeakClass leak, const BehaviourCase& rule) const {
    if (leak == node::LeakClass::cached_result) {
      return result_of_start(rule);
    }
    return m_observation.undeleted ? m_observation.undeleted->is(leak) : Undeleted::Is::left;
  }

  void require_undeleted(node::LeakClass leak, const BehaviourCase& rule, Leaks& target) {
    switch (state_of(leak, rule)) {
      case Undeleted::Is::left:
        return require(leak, target);
      case Undeleted::Is::maybe:
        return m_leftovers.allow(leak);
      case Undeleted::Is::gone:
        break;
    }
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
  [[nodiscard]] bool shows(const Candidate& leak) const {
    const auto is_left = [this](node::LeakClass left) {
      return m_observation.leftover.contains(left);
    };
    const auto& rule = *leak.rule;
    return std::any_of(rule.leaves.begin(), rule.leaves.end(),
                       [&](node::LeakClass left) {
                         return makes(m_now, created(), has_host_port(), left) && !vanished(left) &&
                                (leak.certain() || is_left(left));
                       }) ||
           std::any_of(rule.may_leave.begin(), rule.may_leave.end(), is_left);
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
      m_pod->spoilt = true;
      if (rule != nullptr && !m_pod->run_failed) {
        m_pod->leaves.clear();
        stays(*rule);
        if (rule->once) {
          m_pod->record = "releasable";
          m_pod->leaks.merge(m_pod->leaves);
        }
      }
      return;
    }
    if (!m_pod->stopped && !m_pod->run_failed) {
      leak();
    }
    m_pod->stopped = true;
    m_pod->leaves.clear();
  }

  // What stays although DEL succeeded.
  void leak() {
    for (const auto& candidate : candidates(Kind::leak, {})) {
      // Of a pod that never was only what is said of such.
      const bool meant = m_pod->state.empty() || candidate.rule->when.state.contains("pod");
      if (!meant || !shows(candidate)) {
        continue;
      }
      note(candidate);
      m_pod->spoilt = true;
      m_pod->leaves_by = candidate.behaviour->id;
      add_leaves(candidate, m_pod->leaks);
    }
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
          if (node::is_primary(leak) && makes(m_now, created(), has_host_port(), leak)) {
            everything.insert(leak);
          }
        }
      }
      for (const auto leak : everything) {
        if (leak != node::LeakClass::process) {
          require_undeleted(leak, rule, m_pod->leaves);
        }
      }
    }
    add_leaves({nullptr, &rule}, m_pod->leaves);
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
    if (is_gone(pod)) {
      check_traces(pod);
    }
    if (!pod.run_failed && !pod.remove_tried) {
      // The scenario itself leaves the pod alone.
      m_leftovers.allow_all();
    } else if (pod.record == "releasable" && !pod.stop_tried) {
      m_leftovers.allow({node::LeakClass::netns, node::LeakClass::pod_record});
    }
    pod.exists = false;
  }

  // It was started, stopped and removed, each at once, and nothing was done to it meanwhile.
  [[nodiscard]] bool is_gone(const PodAccount& pod) const {
    return !pod.run_failed && pod.stopped && pod.removed && !pod.spoilt && pod.leaks.empty() &&
           m_now.damaged.empty() && !m_now.netns_gone && !m_now.rebooted;
  }

  // What is left of it another pod does not explain that stays.
  void check_traces(const PodAccount& pod) {
    const auto left = m_observation.leftover_of.find(pod.id);
    if (!pod.id.empty() && left != m_observation.leftover_of.end() && m_leak.empty()) {
      m_leak = fmt::format(
          "left behind by a pod that was stopped and removed, and no known behaviour explains it: "
          "{}",
          names_of(left->second));
    }
  }

  void check_leftovers() {
    const auto finding = m_leftovers.check(m_observation.leftover);
    if (!finding.missing.empty()) {
      fail(finding.missing);
    }
    if (m_leak.empty()) {
      m_leak = finding.unexplained;
    }
  }

  const KnownBehaviours& m_behaviours;
  const Observation& m_observation;
  Moment m_now;
  std::map<std::string, PodAccount> m_pods;  // by the scenario's names
  PodAccount* m_pod = nullptr;               // the one that the step is about
  LeftoverAccount m_leftovers;
  std::size_t m_step = 0;
  std::string m_build_unknown;  // a behaviour that may show or not
  bool m_del_failed = false;    // of some pod, as a known behaviour says
  std::string m_failure;
  std::string m_leak;
  Judgement m_judgement;
};

}  // namespace

Judgement judge(const KnownBehaviours& behaviours, const Observation& observation) {
  return Judge(behaviours, observation).result();
}

}  // namespace cni_matrix::verdict
