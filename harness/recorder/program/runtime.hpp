#pragma once

namespace cni_matrix::recorder {

// SIGKILL to the process that runtime.pid of the faults directory names, and wait until it is dead:
// what is written to it afterwards reaches nobody. Null when that worked, or else why not.
const char* kill_runtime();

}  // namespace cni_matrix::recorder
