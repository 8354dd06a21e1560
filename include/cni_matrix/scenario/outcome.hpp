#pragma once

#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// One step of a scenario as it went.
struct StepResult {
  std::string step;    // "RunPodSandbox", "StopPodSandbox", "edit-conflist", ...
  std::string detail;  // the cniVersion, resolved version or plugin that it is about; often empty
  bool ok = false;
  std::string code;   // gRPC status name of a runtime's refusal
  std::string error;  // its message as it came
  std::int64_t wall_us = 0;
};

// What a scenario came to on its node.
struct Outcome {
  std::vector<StepResult> steps;
  std::optional<node::Inventory> after_run;  // what the running pod added; absent when run failed
  node::Inventory leftover;  // what was there after the last step and not before the first
  std::optional<NetworkStatus> network;  // CRI Status after a failed run or an edit
};

}  // namespace cni_matrix::scenario
