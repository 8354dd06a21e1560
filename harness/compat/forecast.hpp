#pragma once

#include "subject.hpp"

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <string>
#include <string_view>
#include <vector>

// What known behaviours say of a pod's life, where nothing is run.
namespace cni_matrix::compat {

// On what occasion a known behaviour shows.
enum class Occasion {
  always,      // in the life of each pod
  host_port,   // the pod publishes a port of its host
  netns_gone,  // the network namespace goes before the pod is stopped
  edited,      // the pod was started under another cniVersion
  replaced,    // another containerd started the pod
};
std::string_view name_of(Occasion occasion);  // "always", "host-port", ...

struct Foreseen {
  const verdict::KnownBehaviour* behaviour = nullptr;
  const verdict::BehaviourCase* rule = nullptr;
  // What fails: "run", "stop" or "remove"; "clean-up": what follows where DEL fails after ADD
  // failed; empty: everything succeeds, and something stays.
  std::string step;
  Occasion occasion = Occasion::always;
  std::string of;  // edited: those cniVersions; replaced: the range of those containerds
};

// The occasion for a person: "pods that publish a host port".
std::string words_of(const Foreseen& foreseen);

// Known behaviours, asked for the life of a pod: run, stop, remove. What they say of a step is what
// verdict::judge() holds a cell against.
class Forecaster {
 public:
  // `behaviours` has to outlive it. `containerds` and `cni_versions`: what pods may have been
  // started with before something was changed under them.
  Forecaster(const verdict::KnownBehaviours& behaviours, std::vector<Version> containerds,
             std::vector<std::string> cni_versions);

  // Why a pod cannot be started, or else not be stopped or removed. Empty: it can live.
  [[nodiscard]] std::vector<Foreseen> failures(const Subject& subject) const;
  // What shows of pods that can live.
  [[nodiscard]] std::vector<Foreseen> beside(const Subject& subject) const;
  // What is known of these versions and of such a chain in other scenarios than a plain life, in
  // the order of ids.
  [[nodiscard]] std::vector<const verdict::KnownBehaviour*> elsewhere(const Subject& subject) const;

 private:
  struct Rule {
    const verdict::KnownBehaviour* behaviour;
    const verdict::BehaviourCase* rule;
  };
  struct Life;
  [[nodiscard]] std::vector<Foreseen> find(verdict::BehaviourCase::Kind kind, std::string_view step,
                                           const Life& life) const;
  [[nodiscard]] bool can_start(const Subject& subject) const;
  void add_of_lost_namespaces(const Subject& subject, std::vector<Foreseen>& found) const;
  void add_of_edits(const Subject& subject, std::vector<Foreseen>& found) const;
  void add_of_replacements(const Subject& subject, std::vector<Foreseen>& found) const;

  std::vector<Rule> m_rules;      // of a plain life
  std::vector<Rule> m_elsewhere;  // of other scenarios
  std::vector<Version> m_containerds;
  std::vector<std::string> m_cni_versions;
};

}  // namespace cni_matrix::compat
