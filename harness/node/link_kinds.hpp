#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>

namespace cni_matrix::node {

// Whether this kernel can make links of that kind ("macvlan", "vrf"), as rtnetlink names it. It is
// tried in a network namespace of its own, once for each kind. Where no such namespace can be made
// the answer is yes: nodes cannot be made there either, and that is told with a text of its own.
// The caller must be single-threaded. Error kind: broken.
Expected<bool> has_link_kind(const std::string& kind);

// Whether a bridge of this kernel can filter VLANs; tried in the same way. Error kind: broken.
Expected<bool> has_vlan_filtering();

}  // namespace cni_matrix::node
