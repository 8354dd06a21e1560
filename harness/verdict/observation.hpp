#pragma once

#include "undeleted.hpp"

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cni_matrix::verdict {

// What was seen of one cell, without anything of how it was run.
struct Observation {
  Version containerd;  // resolved
  Version plugins;     // resolved
  std::string
      cni_version;  // "none", "empty" or the text: what the conflist said when the cell began
  std::vector<std::string> traits;  // conflist_traits(); empty: not known
  std::string network;              // its name
  std::string scenario;
  // What plugins were built with, by the name that the scenario has for them; "" is what the cell
  // began with. Absent: not known.
  std::map<std::string, std::map<std::string, std::string>> built_with;
  bool host_port = false;
  bool mark_chain = false;
  std::vector<scenario::StepResult> steps;
  // What the running pod had; absent when run failed.
  std::optional<std::set<node::LeakClass>> after_run;
  std::set<node::LeakClass> leftover;  // residue not counted: see split_residue()
  std::map<std::string, std::set<node::LeakClass>> leftover_of;  // the same by the pods' ids
  std::optional<Undeleted> undeleted;  // by the recorded calls; absent: there were none recorded
  std::string conflist;                // Conflist::name
  // For evaluate_statements() only.
  std::string name;  // the cell's
  std::string
      loopback_version;  // cniVersion of the first loopback ADD in the trace; empty: not known
};

}  // namespace cni_matrix::verdict
