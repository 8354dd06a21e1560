#pragma once

#include "check.hpp"

// What a plugin gets in the CNI_* variables. The rules are told in rules.cpp.
namespace cni_matrix::trace {

Sentences same_args_on_del(const Calls& calls, const TraceFacts& facts);
Sentences same_interface_on_del(const Calls& calls, const TraceFacts& facts);
Sentences pod_arguments(const Calls& calls, const TraceFacts& facts);
Sentences netns_on_add(const Calls& calls, const TraceFacts& facts);
Sentences netns_on_del(const Calls& calls, const TraceFacts& facts);

}  // namespace cni_matrix::trace
