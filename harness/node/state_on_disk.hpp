#pragma once

#include <cni_matrix/node/inventory.hpp>

#include <set>
#include <string>
#include <vector>

namespace cni_matrix::node {

// Plugins' state files (none of those below `lease_roots`), mounts and containerd's records of
// pods.
void list_state_on_disk(const std::set<std::string>& lease_roots, Inventory& inventory);

// Names in a folder, sorted; none when it does not exist.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace cni_matrix::node
