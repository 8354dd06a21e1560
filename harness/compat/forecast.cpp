#include "forecast.hpp"

#include "base/names.hpp"
#include "verdict/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cni_matrix::compat {

namespace {

using verdict::BehaviourCase;
using verdict::BehaviourCondition;
using Kind = BehaviourCase::Kind;

constexpr auto k_occasions = names_of<Occasion>({{Occasion::always, "always"},
                                                 {Occasion::host_port, "host-port"},
                                                 {Occasion::netns_gone, "netns-gone"},
                                                 {Occasion::edited, "edited"},
                                                 {Occasion::replaced, "replaced"}});

// Whether the condition is about some versions or chains, and not about any.
bool is_particular(const BehaviourCondition& when) {
  return when.containerd || when.plugins || when.cni_version || !when.uses.empty();
}

// It says how a pod that was started comes to its end.
bool is_about_the_end(const BehaviourCase& rule) {
  return rule.kind == Kind::leak ||
         (rule.kind == Kind::failure &&
          std::find(rule.steps.begin(), rule.steps.end(), "stop") != rule.steps.end());
}

// A release of the reference plugins says something of the list's own plugins only where there is
// one of them in it. What containerd itself does with that release stays.
bool concerns(const BehaviourCondition& when, const Subject& subject) {
  return !subject.foreign || !when.plugins || when.containerd;
}

verdict::Observation observation_of(const Subject& subject, const std::string& scenario) {
  verdict::Observation seen;
  seen.containerd = subject.containerd;
  seen.plugins = subject.plugins;
  seen.cni_version = subject.cni_version;
  seen.traits = subject.traits;
  seen.scenario = scenario;
  seen.host_port = subject.host_port;
  seen.mark_chain = subject.mark_chain;
  return seen;
}

// A pod that was started with all as it is.
verdict::Creation started(const Subject& subject) {
  return {subject.cni_version, subject.containerd, subject.traits, {}};
}

bool is_there(const std::vector<Foreseen>& all, const Foreseen& one) {
  return std::any_of(all.begin(), all.end(), [&](const Foreseen& other) {
    return other.behaviour == one.behaviour && other.step == one.step &&
           other.occasion == one.occasion;
  });
}

// Each behaviour once for a step and an occasion.
void append(std::vector<Foreseen>& all, std::vector<Foreseen> more) {
  for (auto& one : more) {
    if (!is_there(all, one)) {
      all.push_back(std::move(one));
    }
  }
}

}  // namespace

std::string_view name_of(Occasion occasion) {
  return k_occasions.of(occasion);
}

std::string words_of(const Foreseen& foreseen) {
  switch (foreseen.occasion) {
    case Occasion::host_port:
      return foreseen.rule->when.mark_chain == std::optional(false)
                 ? "pods that publish a host port, on a node without the chain KUBE-MARK-MASQ"
                 : "pods that publish a host port";
    case Occasion::netns_gone:
      return "pods whose network namespace goes before they are stopped (a reboot)";
    case Occasion::edited:
      return "pods that were started under another cniVersion: " + foreseen.of;
    case Occasion::replaced:
      return "pods that another containerd started: " + foreseen.of;
    case Occasion::always:
      break;
  }
  return "every pod";
}

// A pod at a moment of its life.
struct Forecaster::Life {
  explicit Life(const Subject& of, const std::string& scenario = k_lifecycle)
      : subject(of), observation(observation_of(of, scenario)), now(observation) {}

  [[nodiscard]] bool fits(const BehaviourCondition& when) const {
    return concerns(when, subject) && verdict::holds(when, now, created, subject.host_port, {},
                                                     observation) == verdict::Holds::yes;
  }

  const Subject& subject;
  verdict::Observation observation;
  verdict::Moment now;
  verdict::Creation created;  // of a pod that was started
};

Forecaster::Forecaster(const verdict::KnownBehaviours& behaviours, std::vector<Version> containerds,
                       std::vector<std::string> cni_versions)
    : m_containerds(std::move(containerds)), m_cni_versions(std::move(cni_versions)) {
  for (const auto& behaviour : behaviours.all()) {
    for (const auto& rule : behaviour.cases) {
      (is_of_a_plain_life(rule) ? m_rules : m_elsewhere).push_back({&behaviour, &rule});
    }
  }
}

std::vector<Foreseen> Forecaster::find(Kind kind, std::string_view step, const Life& life) const {
  std::vector<Foreseen> found;
  for (const auto& [behaviour, rule] : m_rules) {
    if (rule->kind != kind || (rule->sometimes && kind == Kind::failure) ||
        (!step.empty() &&
         std::find(rule->steps.begin(), rule->steps.end(), step) == rule->steps.end()) ||
        !life.fits(rule->when)) {
      continue;
    }
    found.push_back({behaviour, rule, std::string(step), Occasion::always, {}});
  }
  return found;
}

std::vector<Foreseen> Forecaster::failures(const Subject& subject) const {
  Life life(subject);
  std::vector<Foreseen> found;
  append(found, find(Kind::failure, "run", life));
  if (!found.empty()) {
    // containerd calls DEL after a failed ADD; what follows when that fails too is a behaviour.
    if (!find(Kind::failure, "stop", life).empty()) {
      const bool made = found.front().rule->interface_made.value_or(false);
      for (auto& follows : find(Kind::failed_clean_up, {}, life)) {
        if (verdict::flag_fits(follows.rule->interface_made, made)) {
          follows.step = "clean-up";
          found.push_back(std::move(follows));
          break;
        }
      }
    }
    return found;
  }
  life.created = started(subject);
  append(found, find(Kind::failure, "stop", life));
  if (!found.empty()) {
    append(found, find(Kind::failure, "remove", life));
  }
  return found;
}

bool Forecaster::can_start(const Subject& subject) const {
  return find(Kind::failure, "run", Life(subject)).empty();
}

void Forecaster::add_of_lost_namespaces(const Subject& subject,
                                        std::vector<Foreseen>& found) const {
  Life life(subject);
  life.created = started(subject);
  life.now.netns_gone = true;
  auto more = find(Kind::failure, "stop", life);
  for (auto& leak : find(Kind::leak, {}, life)) {
    more.push_back(std::move(leak));
  }
  std::erase_if(more, [](const Foreseen& one) { return !one.rule->when.netns_gone; });
  for (auto& one : more) {
    one.occasion = Occasion::netns_gone;
  }
  append(found, std::move(more));
}

void Forecaster::add_of_edits(const Subject& subject, std::vector<Foreseen>& found) const {
  Life life(subject);
  for (const auto& [behaviour, rule] : m_rules) {
    if (!rule->when.created_cni_version || !is_about_the_end(*rule)) {
      continue;
    }
    std::vector<std::string> started_with;
    for (const auto& before : m_cni_versions) {
      auto started = subject;
      started.cni_version = before;
      life.created = verdict::Creation{before, subject.containerd, subject.traits, {}};
      if (before != subject.cni_version && life.fits(rule->when) && can_start(started)) {
        started_with.push_back(before);
      }
    }
    if (!started_with.empty()) {
      append(found, {{behaviour, rule, "stop", Occasion::edited,
                      fmt::format("{}", fmt::join(started_with, ", "))}});
    }
  }
}

void Forecaster::add_of_replacements(const Subject& subject, std::vector<Foreseen>& found) const {
  Life life(subject);
  for (const auto& candidate : m_rules) {
    const auto* rule = candidate.rule;
    if (!rule->when.created_containerd || !is_about_the_end(*rule)) {
      continue;
    }
    const bool shows =
        std::any_of(m_containerds.begin(), m_containerds.end(), [&](const Version& before) {
          auto started = subject;
          started.containerd = before;
          life.created = verdict::Creation{subject.cni_version, before, subject.traits, {}};
          return life.fits(rule->when) && can_start(started);
        });
    if (shows) {
      append(found, {{candidate.behaviour, rule, rule->kind == Kind::leak ? "" : "stop",
                      Occasion::replaced, rule->when.created_containerd->str()}});
    }
  }
}

std::vector<Foreseen> Forecaster::beside(const Subject& subject) const {
  Life life(subject);
  life.created = started(subject);
  std::vector<Foreseen> found;
  append(found, find(Kind::leak, {}, life));
  if (!subject.host_port) {
    auto with_port = subject;
    with_port.host_port = true;
    for (auto& one : failures(with_port)) {
      one.occasion = Occasion::host_port;
      found.push_back(std::move(one));
    }
  }
  add_of_lost_namespaces(subject, found);
  add_of_edits(subject, found);
  add_of_replacements(subject, found);
  return found;
}

std::vector<const verdict::KnownBehaviour*> Forecaster::elsewhere(const Subject& subject) const {
  std::vector<const verdict::KnownBehaviour*> found;
  for (const auto& [behaviour, rule] : m_elsewhere) {
    const auto& when = rule->when;
    if (!is_particular(when) || (!found.empty() && found.back() == behaviour)) {
      continue;
    }
    auto other = subject;
    other.host_port = when.host_port.value_or(subject.host_port);
    other.mark_chain = when.mark_chain.value_or(subject.mark_chain);
    Life life(other, when.scenarios.empty() ? std::string(k_lifecycle) : when.scenarios.front());
    life.created = started(subject);
    life.now.netns_gone = when.netns_gone.value_or(false);
    life.now.conflist_gone = when.conflist_gone.value_or(false);
    auto then = when;  // what would be done to it
    then.state.clear();
    then.changed.clear();
    then.lacks.clear();
    then.created_uses.clear();
    then.created_lacks.clear();
    if (life.fits(then)) {
      found.push_back(behaviour);
    }
  }
  return found;
}

}  // namespace cni_matrix::compat
