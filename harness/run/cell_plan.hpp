#pragma once

#include "cni/profile.hpp"
#include "scenario/conflist_file.hpp"
#include "scenario/scenario_library.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/run/result.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::run {

// A containerd that a cell uses: its first one, or one that a step changes to.
struct PlannedContainerd {
  Version version;
  std::optional<artifacts::Artifact> artifact;  // absent: modelled without the binary
  std::optional<cni::Profile> profile;          // where it is modelled, or a step needs it
};

// A cell with everything that it needs, on this disk. By token; "" is what the cell starts with.
struct CellPlan {
  bool embedded = false;
  std::vector<scenario::Step> steps;
  std::vector<std::string> trace;  // rules
  bool needs_recorder = false;
  scenario::ConflistFile conflist;
  std::map<std::string, PlannedContainerd> containerds;
  std::map<std::string, artifacts::Artifact> plugins;
  std::filesystem::path runc;            // of the host; empty when embedded
  std::string modelled_because;          // --runtime auto took the model: why
  std::vector<std::string> lease_roots;  // see node::take_inventory()
  std::vector<std::string> nics;         // that plugins take by name; see node::add_nic()
  scenario::NodePointer node;            // what it has beside; null: nothing
  std::vector<std::string> assumed;      // what is taken of a containerd that nothing is known of
};

// Resolve and fetch. Error kinds: unavailable (the cell is skipped), input (the user's mistake),
// broken, interrupted.
Expected<CellPlan> plan_cell(const matrix::Cell& cell, artifacts::Provisioner& provisioner,
                             scenario::ScenarioLibrary& scenarios);

// Whether the cell's scenario can be done with its conflist at all: nothing is fetched or started.
// Error kinds: unavailable, for what the chain lacks; input, naming the scenario and the step.
Expected<void> check_cell(const matrix::Cell& cell, scenario::ScenarioLibrary& scenarios);

}  // namespace cni_matrix::run
