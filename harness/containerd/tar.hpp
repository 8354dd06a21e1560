#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace cni_matrix::containerd {

// Writes a tar archive whose bytes depend on its content only: owner 0:0, no names, time 0.
class TarWriter {
 public:
  // To memory, for finish(); or to `fd`, which is not closed.
  TarWriter();
  explicit TarWriter(int fd);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // Error kind: broken.
  Expected<void> add_directory(const std::string& name, unsigned permissions);
  Expected<void> add_file(const std::string& name, unsigned permissions, std::string_view content);
  Expected<void> add_link(const std::string& name, const std::string& target);
  // Everything below `directory`, by sorted names. Sockets and devices are refused.
  Expected<void> add_tree(const std::filesystem::path& directory);
  // Ends the archive. The bytes, when it was written to memory.
  Expected<std::string> finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

// Unpack a tar archive of TarWriter into `directory`, with the permissions as they are in it and
// the caller as owner. An absolute name or one with ".." is refused. Error kind: broken.
Expected<void> unpack_tar(const std::filesystem::path& file,
                          const std::filesystem::path& directory);

}  // namespace cni_matrix::containerd
