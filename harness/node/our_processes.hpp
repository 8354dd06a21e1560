#pragma once

#include <sys/types.h>

namespace cni_matrix::node {

// Whether it is init or the reaper of the node that the caller is in. No foreign program can pass
// for one of them.
bool is_our_process(pid_t pid);

}  // namespace cni_matrix::node
