#pragma once

#include <cni_matrix/base/error.hpp>

namespace cni_matrix::containerd {

// The process that started `pid` and looks after it: of a pause process, the shim. Error kind:
// broken, when there is no such process.
Expected<int> parent_of(int pid);

// SIGKILL, and wait for the end. Error kind: broken.
Expected<void> kill_process(int pid);

}  // namespace cni_matrix::containerd
