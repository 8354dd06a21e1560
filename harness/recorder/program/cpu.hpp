#pragma once

#include <cstdint>

#include <sys/resource.h>

namespace cni_matrix::recorder {

// User and system time of this process so far, in microseconds.
inline std::int64_t own_cpu_us() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) {
    return time.tv_sec * std::int64_t{1'000'000} + time.tv_usec;
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

}  // namespace cni_matrix::recorder
