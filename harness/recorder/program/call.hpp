#pragma once

#include "child.hpp"
#include "trace_file.hpp"

#include <cstdint>

namespace cni_matrix::recorder {

// This execution of the program.
struct Call {
  const char* name;  // the plugin's
  const char* path;  // the real plugin
  char** arguments;
  char** environment;
  std::int64_t start_ns;  // CLOCK_MONOTONIC
};

// Note the plugin's end, `status` as waitpid(2) gives it, and end in the same way. `others_cpu_us`
// of our CPU time was not for us.
[[noreturn]] void end_like(int status, TraceFile& trace, std::int64_t others_cpu_us);

// Become the plugin, when there are no descriptors or processes left to record it: unrecorded is
// better than not at all.
[[noreturn]] void run_unrecorded(const Call& call, const Signals& signals);

std::int64_t now_ns();

}  // namespace cni_matrix::recorder
