#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>

namespace cni_matrix::artifacts {

// That the cache cannot be written, as one sentence with its cure. `number` is errno's. Error kind:
// broken where the machine is in trouble (a disk that is full or went read-only), input where the
// place is a wrong one.
[[nodiscard]] tl::unexpected<Error> cannot_write(const std::filesystem::path& path, int number);

}  // namespace cni_matrix::artifacts
