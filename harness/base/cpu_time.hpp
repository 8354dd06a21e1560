#pragma once

#include <cstdint>

#include <sys/resource.h>

namespace cni_matrix {

// User and system time together, in microseconds.
std::int64_t cpu_us(const rusage& usage);

// The same of this process so far.
std::int64_t own_cpu_us();

}  // namespace cni_matrix
