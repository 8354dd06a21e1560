#pragma once

#include "facts.hpp"

#include <string>
#include <vector>

namespace cni_matrix::trace {

// The plugins of a configuration: its list, or itself.
std::vector<Json> plugins_of(const Json& conflist);

// Those of the facts that have this name. They point into the facts.
std::vector<const Json*> conflists_named(const TraceFacts& facts, const std::string& network);

}  // namespace cni_matrix::trace
