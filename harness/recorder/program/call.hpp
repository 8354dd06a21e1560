#pragma once

#include "trace.hpp"

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
[[noreturn]] void end_like(int status, Trace& trace, std::int64_t others_cpu_us);

std::int64_t now_ns();

}  // namespace cni_matrix::recorder
