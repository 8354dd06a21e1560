#pragma once

#include "description.hpp"

#include <string>
#include <vector>

namespace cni_matrix::equipment {

// What there is of the state that a description looks after, without what may stay: "acme
// /var/lib/acme/pods/1". Folders count where they are empty. Sorted.
std::vector<std::string> list_state(const std::vector<WatchedState>& state);

}  // namespace cni_matrix::equipment
