#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>

namespace cni_matrix::node {

// Whether this kernel can make links of that kind ("macvlan", "vrf"), as rtnetlink names it; asked
// in a network namespace of its own, once for each kind. Where such a namespace cannot be made,
// yes: that has its own refusal. The caller must be single-threaded. Error kind: broken.
Expected<bool> has_link_kind(const std::string& kind);

}  // namespace cni_matrix::node
