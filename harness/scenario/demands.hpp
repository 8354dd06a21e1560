#pragma once

#include <cni_matrix/runtime/runtime_settings.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// What the steps of a scenario ask of every cell, added up in their order.
struct Demands {
  bool own_host_port = false;  // a pod of the scenario publishes one
  bool probes_host_port = false;
  bool faults = false;          // of plugins, so that the recorder is needed
  std::string daemon;           // why it takes a real one, in a few words; empty: it does not
  bool pods_at_once = false;    // some start at the same time
  bool always_serially = true;  // every pod starts under setup_serially
  std::vector<std::string> containerds;  // version tokens, beside the cell's own
  std::vector<std::string> plugins;      // the same
  RuntimeSettings settings;              // in force after the steps so far
};

}  // namespace cni_matrix::scenario
