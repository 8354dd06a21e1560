#pragma once

#include "conflist_file.hpp"

#include "chain/chain.hpp"
#include "equipment/description.hpp"
#include <cni_matrix/base/error.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::scenario {

// A cell as the steps of its scenario find it, and what they take of it, in the order of the steps.
struct CellNeeds {
  // What the cell has.
  ConflistFile conflist;        // as the steps so far leave it
  bool cell_host_port = false;  // the cell publishes one
  bool any_host_port = false;   // the cell, or a pod of the scenario, does
  std::function<Expected<void>(const std::string& token)> check_token;
  std::string place;                                 // of the step: starts the message of an error
  const equipment::NodeDescription* node = nullptr;  // what the node has beside; null: nothing

  // What the steps have made of it.
  std::vector<Json> written;   // network configurations beside the cell's own
  std::string containerd;      // token of the one that runs; empty: the cell's own
  std::string plugins_in_use;  // the same of the plugins

  // What they take.
  struct Plugin {
    std::string token;   // of the release that has to have it; empty: the cell's own
    std::string plugin;  // empty: the whole release
  };
  std::vector<Plugin> plugins;
  // The CNI commands that our own caller of libcni gives, as the libcni of that containerd does.
  struct LibcniCall {
    std::string containerd;
    bool collects_garbage = false;
  };
  std::vector<LibcniCall> libcni_calls;
  // Of every configuration that the node comes to have.
  std::set<std::string> lease_roots;
  std::vector<Json> configurations;
  std::vector<equipment::Program> programs;  // that it runs, beside those of its description

  void note(const Json& configuration) {
    if (std::find(configurations.begin(), configurations.end(), configuration) ==
        configurations.end()) {
      configurations.push_back(configuration);
    }
    if (auto root = chain::Chain(configuration).lease_root(); !root.empty()) {
      lease_roots.insert(std::move(root));
    }
  }
};

}  // namespace cni_matrix::scenario
