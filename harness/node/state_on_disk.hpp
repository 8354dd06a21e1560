#pragma once

#include <cni_matrix/node/inventory.hpp>

namespace cni_matrix::node {

// Plugins' state files, mounts and containerd's records of pods.
void list_state_on_disk(Inventory& inventory);

// Names in a folder, sorted; none when it does not exist.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace cni_matrix::node
