#pragma once

#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::scenario {

// What `detail` of a RunPodSandbox says of a pod that has the node's network.
inline constexpr std::string_view k_host_network = "host network";

// One step of a scenario as it went.
struct StepResult {
  std::string step;    // "RunPodSandbox", "StopPodSandbox", "edit-conflist", ...
  std::string detail;  // the cniVersion, resolved version or plugin that it is about; often empty
  bool ok = false;
  std::string code;   // gRPC status name of a runtime's refusal
  std::string error;  // its message as it came
  std::int64_t wall_us = 0;
  std::string pod{};     // the scenario's name of it; empty where there is but one
  std::string expect{};  // the scenario says that it fails, with a match of this
};

// What a scenario came to on its node.
struct Outcome {
  std::vector<StepResult> steps;
  std::optional<node::Inventory> after_run;  // what the running pod added; absent when run failed
  node::Inventory leftover;  // what was there after the last step and not before the first
  std::optional<NetworkStatus> network;  // CRI Status after a failed run or an edit
  std::vector<Json> conflists;           // every network configuration that the runtime was given
  std::map<std::string, std::int64_t>
      netns_gone_ns;  // by path: when it was removed, CLOCK_MONOTONIC
  std::vector<recorder::Interruption>
      interruptions;  // steps that ended processes, or ended at a deadline
};

}  // namespace cni_matrix::scenario
