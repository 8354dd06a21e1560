#pragma once

#include <cni_matrix/base/version.hpp>

#include <string_view>

namespace cni_matrix {

// Whether a release of the CNI reference plugins has one of this type. Read off the tree of every
// release tag from 0.6.0 to 1.9.1 of https://github.com/containernetworking/plugins; those for
// Windows are left out.
bool release_has_plugin(const Version& plugins, std::string_view type);

}  // namespace cni_matrix
