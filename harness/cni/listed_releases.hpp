#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>

#include <vector>

namespace cni_matrix::cni {

// The containerd releases that matrix/profiles.json lists, in rising order. Error kind: input.
Expected<std::vector<Version>> listed_releases();

}  // namespace cni_matrix::cni
