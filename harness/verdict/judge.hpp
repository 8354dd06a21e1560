#pragma once

#include "residue.hpp"

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::verdict {

// A step as it went. `step` is scenario::label_of(StepKind): "RunPodSandbox", "edit-conflist", ...
struct ObservedStep {
  std::string step;
  // edit-conflist: the cniVersion; replace-runtime, replace-plugins: the resolved version
  // ("1.6.20"); remove-plugin, restore-plugin: the plugin; damage-cache: how.
  std::string to;
  bool ok = false;
  std::string error;     // as it came; normalised here
  std::string pod{};     // the scenario's name of it; empty where there is but one
  std::string expect{};  // regular expression: the scenario says that it fails with this
};

// What was seen of one cell, without anything of how it was run.
struct Observation {
  Version containerd;  // resolved
  Version plugins;     // resolved
  std::string
      cni_version;  // "none", "empty" or the text: what the conflist said when the cell began
  std::vector<std::string> traits;  // conflist_traits(); empty: not known
  std::string scenario;
  bool host_port = false;
  bool mark_chain = false;
  std::vector<ObservedStep> steps;
  // What the running pod had; absent when run failed.
  std::optional<std::set<node::LeakClass>> after_run;
  std::set<node::LeakClass> leftover;  // residue not counted: see split_residue()
  // For evaluate_statements() only.
  std::string name;      // the cell's
  std::string conflist;  // Conflist::name
  std::string
      loopback_version;  // cniVersion of the first loopback ADD in the trace; empty: not known
};

enum class Finding { pass, known, fail, leak };
std::string_view name_of(Finding finding);

struct Judgement {
  Finding finding = Finding::pass;
  std::vector<std::string> known;  // ids, in the order in which they showed
  std::string remedy;              // of the first of them
  std::string reason;              // one sentence, for fail and leak
};

// known: failed exactly as known behaviours say, with exactly the leftovers that they list.
// fail: a failure that none explains, a success where one says failure, or leftovers that one lists
// and that are not there. leak: leftovers that none explains. What remains of a pod comes together:
// where a known behaviour leaves a primary class, or may leave one, secondary ones are explained.
Judgement judge(const KnownBehaviours& behaviours, const Observation& observation);

}  // namespace cni_matrix::verdict
