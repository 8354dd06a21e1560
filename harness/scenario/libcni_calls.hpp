#pragma once

#include "cni/libcni_caller.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// What our own caller of libcni can be asked for.
enum class CniCommand { add, check, gc };

// The steps `add` and `check` (of one pod) and `gc` (`pods` are those that are valid), on the
// network configuration that the runtime has in force, with the libcni that is inside that
// containerd. What libcni says is a result, not an Error; it has no gRPC status. Error kinds:
// input, broken.
Expected<RuntimeResult<void>> call_libcni(CniCommand command, PodRuntime& runtime,
                                          const cni::Profile& profile,
                                          const std::vector<cni::AttachedPod>& pods,
                                          std::chrono::milliseconds limit);

}  // namespace cni_matrix::scenario
