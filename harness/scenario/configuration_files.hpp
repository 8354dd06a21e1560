#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <thread>

// What happens to a directory of network configurations behind the runtime's back. Error kind:
// broken.
namespace cni_matrix::scenario {

// A new or changed file. `how`:
//   write         in place, as an editor or cp does
//   rename        a file beside it is renamed to it
//   move-in       a file of another directory is renamed to it
//   symlink       a new symbolic link to a file of another directory
//   symlink-swap  such a link, made beside it, is renamed to it, as ln -sf does
//   configmap     a link into ..data, itself a link to a new directory that is renamed to it, as
//                 kubelet does with a ConfigMap's volume
// The directory is made when it is missing.
Expected<void> write_config(const std::filesystem::path& directory, const std::string& file,
                            const std::string& text, const std::string& how);
// False when it was not there.
Expected<bool> remove_config(const std::filesystem::path& directory, const std::string& file);

// rm -r, and mkdir.
Expected<void> remove_config_directory(const std::filesystem::path& directory);
Expected<void> make_config_directory(const std::filesystem::path& directory);

// While it lives, a file of the directory is written again and again, one that is no configuration:
// a runtime that watches the directory loads all of it every time.
class ReloadStorm {
 public:
  explicit ReloadStorm(const std::filesystem::path& directory);
  ReloadStorm(const ReloadStorm&) = delete;
  ReloadStorm& operator=(const ReloadStorm&) = delete;
  ~ReloadStorm();

 private:
  std::filesystem::path m_file;
  std::jthread m_thread;
};

}  // namespace cni_matrix::scenario
