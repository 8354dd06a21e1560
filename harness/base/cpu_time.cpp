#include "cpu_time.hpp"

namespace cni_matrix {

std::int64_t cpu_us(const rusage& usage) {
  const auto us = [](const timeval& t) { return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

std::int64_t own_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return cpu_us(usage);
}

}  // namespace cni_matrix
