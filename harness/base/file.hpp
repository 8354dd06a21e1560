#pragma once

#include <cni_matrix/base/error.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace cni_matrix {

// The whole file, refused beyond `limit` bytes. Error kind: input when it cannot be read.
Expected<std::string> read_file(const std::filesystem::path& file, std::size_t limit = 64U << 20U);

// Truncate and write in place: what an editor or `cat >` does, and what containerd's watcher
// notices. Error kind: broken, with the path and errno's text (so "No space left on device" is
// named).
Expected<void> write_file(const std::filesystem::path& file, std::string_view text);

// Write beside the file, fsync and rename over it: readers see the old text or the new one.
Expected<void> write_file_atomic(const std::filesystem::path& file, std::string_view text);

// All of it, over signals and short writes. Returns 0, or errno.
int write_all(int fd, std::string_view text);

// A directory of its own, removed with everything in it.
class TemporaryDirectory {
 public:
  // Below `parent`, or $TMPDIR, or /tmp. Error kind: broken.
  static Expected<TemporaryDirectory> create(const std::filesystem::path& parent = {});
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

 private:
  explicit TemporaryDirectory(std::filesystem::path path) : m_path(std::move(path)) {}
  std::filesystem::path m_path;
};

}  // namespace cni_matrix
