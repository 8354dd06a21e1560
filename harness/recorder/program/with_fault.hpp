#pragma once

#include "call.hpp"
#include "rule.hpp"

namespace cni_matrix::recorder {

// The call with the fault applied; the real plugin runs where the fault says so.
[[noreturn]] void run_with_fault(const Call& call, const Rule& rule);

}  // namespace cni_matrix::recorder
