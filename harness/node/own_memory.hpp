#pragma once

namespace cni_matrix::node {

// Take the command line and the environment that this process was started with out of its memory,
// where /proc/PID/cmdline and /proc/PID/environ show them: they may hold passwords and tokens.
void forget_caller();

}  // namespace cni_matrix::node
