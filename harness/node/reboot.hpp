#pragma once

#include <cni_matrix/base/error.hpp>

namespace cni_matrix::node {

// What a reboot takes from the node that the caller is in: every process but init and the caller,
// the pods' network namespaces, links other than lo and the uplink, packet rules of both iptables
// and of nft, tracked connections, the sysctls that plugins set for the whole node, and /run with
// what is mounted there; our own folder there stays. Routes go with their links. /var/lib and /etc
// stay as they are.
//
// The caller must have ended its own children. Error kind: broken, with what would not go, or
// because the caller is in no node.
Expected<void> reboot();

}  // namespace cni_matrix::node
