#pragma once

#include "check.hpp"

// Which calls follow each other, and in which order. The rules are told in rules.cpp.
namespace cni_matrix::trace {

Sentences add_has_del(const Calls& calls, const TraceFacts& facts);
Sentences del_in_reverse(const Calls& calls, const TraceFacts& facts);
Sentences no_overlap(const Calls& calls, const TraceFacts& facts);
Sentences one_at_a_time(const Calls& calls, const TraceFacts& facts);
Sentences loopback_first_on_del(const Calls& calls, const TraceFacts& facts);

}  // namespace cni_matrix::trace
