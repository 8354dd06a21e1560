#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>

namespace cni_matrix::scenario {

// From now on what is found as iptables and ip6tables is the program of that backend, "legacy" or
// "nft", as after update-alternatives. Error kind: unavailable, when the machine has not both, the
// kernel lacks that backend, or an ordinary user could not see what legacy leaves; broken.
Expected<void> use_iptables(const std::string& backend);

}  // namespace cni_matrix::scenario
