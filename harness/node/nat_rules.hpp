#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <vector>

namespace cni_matrix::node {

// The rules of table nat in this network namespace as iptables-save and ip6tables-save print them,
// "ip " or "ip6 " before each. Where the kernel has no rule at all, no program is started.
Expected<std::vector<std::string>> nat_rules();

}  // namespace cni_matrix::node
