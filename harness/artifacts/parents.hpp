#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>

namespace cni_matrix::artifacts {

// Whether nobody but the caller and root can put another directory in the place of `cache`, which
// need not be there yet: they would choose what we run. Looked at is every directory and symbolic
// link on the way to it, and not the cache itself. Error kind: input, naming the directory that is
// in other hands.
Expected<void> check_parents(const std::filesystem::path& cache);

}  // namespace cni_matrix::artifacts
