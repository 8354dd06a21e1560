#pragma once

#include "check.hpp"

// The result of ADD, as prevResult of the calls after it. The rules are told in rules.cpp.
namespace cni_matrix::trace {

Sentences prev_result_on_add(const Calls& calls, const TraceFacts& facts);
Sentences prev_result_on_del(const Calls& calls, const TraceFacts& facts);

}  // namespace cni_matrix::trace
