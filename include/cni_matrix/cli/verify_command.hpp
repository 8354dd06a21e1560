#pragma once

#include <cni_matrix/cli/run_command.hpp>

#include <cstdio>

namespace cni_matrix::cli {

// `cni-matrix verify-embedded ...`: every cell on the daemon and on the embedded runtime, and each
// point in which the two disagree: outcome and error of each step, leftovers, plugin calls. Returns
// 0 when they agree, 1 when not, 4 when no cell ran on both.
Expected<int> verify_command(const RunArguments& arguments, std::FILE* out, std::FILE* err);

}  // namespace cni_matrix::cli
