#pragma once

#include "runtime.hpp"

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string_view>

// A containerd root (/var/lib/containerd) in which our pause image is imported and unpacked
// already, kept as one tar file: made once per containerd binary, placed into each cell's tmpfs.
namespace cni_matrix::containerd {

// The image name that the configuration's sandbox_image says.
inline constexpr const char* k_pause_image = "cni-matrix.invalid/pause:1";

// Where the prepared root for this containerd is, or will be:
// <cache>/containerd-roots/<digest>.tar, with its own digest in <digest>.tar.sha256. Both are
// SHA-256 in hexadecimal digits.
std::filesystem::path prepared_root_file(const std::filesystem::path& cache,
                                         std::string_view containerd_sha256,
                                         std::string_view pause_sha256);

// Inside a scratch node: start that containerd on `options.root` (empty), import the pause image
// made of the executable `pause` with that version's ctr, stop it, and write the root as tar to
// `fd`. A memfd serves well: a pipe must be read meanwhile. Error kind: broken, with the log's end.
Expected<void> build_root(const ContainerdOptions& options, const std::filesystem::path& pause,
                          int fd);

// Outside: keep what build_root wrote to `fd` (read from its start) as `file`, atomically, and its
// digest beside it. Two runs that do so at once both succeed. Error kind: broken.
Expected<void> save_root(int fd, const std::filesystem::path& file);

// Whether `file` is there and, to the byte, what save_root wrote. The answer yes is remembered by
// the file's inode, size and times, for the life of this process.
bool is_good_root(const std::filesystem::path& file);

// Unpack it into `directory`, which is made when it is missing. Error kind: broken.
Expected<void> place_root(const std::filesystem::path& file,
                          const std::filesystem::path& directory);

}  // namespace cni_matrix::containerd
