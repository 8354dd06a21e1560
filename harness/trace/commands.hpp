#pragma once

#include "check.hpp"

#include <string_view>

// Which commands plugins are called with, and GC. The rules are told in rules.cpp.
namespace cni_matrix::trace {

Sentences no_check_no_gc(const Calls& calls, const TraceFacts& facts);
Sentences no_calls(const Calls& calls, const TraceFacts& facts);
Sentences gc_exclusive(const Calls& calls, const TraceFacts& facts);
Sentences gc_keys(const Calls& calls, const TraceFacts& facts);

// Rules with an argument.
Sentences called(const Calls& calls, std::string_view command);
Sentences not_called(const Calls& calls, std::string_view command);

}  // namespace cni_matrix::trace
