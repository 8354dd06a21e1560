#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>

#include <cstdint>
#include <vector>

namespace cni_matrix::scenario {

struct PodStart {
  RuntimeResult<std::string> answer;
  std::int64_t wall_us = 0;
};

// Start all pods at the same time; the answers are in the order of `pods`. Returns when the last
// one has come: each has the runtime's own time limit.
std::vector<PodStart> start_at_once(PodRuntime& runtime, const std::vector<PodSpec>& pods);

}  // namespace cni_matrix::scenario
