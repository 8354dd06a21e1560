#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <filesystem>

namespace cni_matrix::embedded {

// Watches a configuration directory, and tells only of those events that containerd's own watcher
// (cni_conf_syncer.go over fsnotify) acts upon: writes, removals and files moved away. containerd
// ignores creation, changes of attributes and files moved in, so these are ignored here too
// (containerd#11715).
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
