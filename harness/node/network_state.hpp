#pragma once

#include <cni_matrix/node/inventory.hpp>

namespace cni_matrix::node {

// Links, routes, rules, neighbours and the sysctls of links. Error kind: broken.
Expected<void> list_network(Inventory& inventory);

// Connections that the kernel tracks for pods, where it tracks any at all.
void list_connections(Inventory& inventory);

}  // namespace cni_matrix::node
