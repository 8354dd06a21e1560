#pragma once

#include "check.hpp"

#include <string_view>

// What a plugin gets on standard input, its prevResult apart. The rules are told in rules.cpp.
namespace cni_matrix::trace {

Sentences same_runtime_config_on_del(const Calls& calls, const TraceFacts& facts);
Sentences name_and_version(const Calls& calls, const TraceFacts& facts);
Sentences no_capabilities(const Calls& calls, const TraceFacts& facts);
Sentences runtime_config_as_declared(const Calls& calls, const TraceFacts& facts);
Sentences keys_kept(const Calls& calls, const TraceFacts& facts);

// Rules with an argument.
Sentences negotiated(const Calls& calls, std::string_view wanted);

}  // namespace cni_matrix::trace
