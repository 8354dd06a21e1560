#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <filesystem>

namespace cni_matrix::embedded {

// Sees of a configuration directory what containerd's watcher (cni_conf_syncer.go over fsnotify)
// acts upon: writes, removals and files moved away. Creation, attributes and files moved in are
// ignored there, so they are here (containerd#11715).
class ConfigurationWatch {
 public:
  // Error kind: broken.
  static Expected<ConfigurationWatch> open(const std::filesystem::path& directory);

  struct Seen {
    bool change = false;             // containerd would have loaded the configuration again
    bool directory_removed = false;  // or moved away
  };
  // What came since the last call of this. Does not wait.
  Seen take();

 private:
  explicit ConfigurationWatch(Fd inotify) : m_inotify(std::move(inotify)) {}
  Fd m_inotify;
};

}  // namespace cni_matrix::embedded
