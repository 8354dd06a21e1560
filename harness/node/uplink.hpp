#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>

namespace cni_matrix::node {

// The node's network: lo up, and a veth pair to a second network namespace, the *outside*, which is
// kept at /run/cni-matrix/outside. Addresses are of the documentation ranges (RFC 5737, RFC 3849):
// node 192.0.2.2/24 and 2001:db8:ffff::2/64 on `uplink`, outside .1 and ::1.
Expected<void> make_uplink();

// One more NIC of that name, up and without addresses, which leads to the outside too: for plugins
// that take a link of the node by its name. False where there is a link of that name, or none can
// have it. The caller is in the node's network namespace. Error kind: broken.
Expected<bool> add_nic(const std::string& name);

}  // namespace cni_matrix::node
