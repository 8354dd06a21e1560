#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <vector>

namespace cni_matrix::run {

// What the plugins of a conflist (scenario::conflist_traits) ask of the kernel and the node beside
// namespaces. Error kind: unavailable, naming plugin and kind of link.
Expected<void> check_kernel_needs(const std::vector<std::string>& traits);

}  // namespace cni_matrix::run
