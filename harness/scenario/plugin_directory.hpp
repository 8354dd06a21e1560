#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// /opt/cni/bin of a node. Every plugin of the folder in use is there under its name: as the
// recorder, which runs the real one, or without a recorder itself: both as symbolic links.
class PluginDirectory {
 public:
  explicit PluginDirectory(bool record) : m_record(record) {}

  // From now on the plugins are those of `folder`; also when pods run. Error kind: broken.
  Expected<void> use(const std::filesystem::path& folder);
  // ... or of `overlays`, the last one that has it.
  Expected<void> use(const std::filesystem::path& folder,
                     const std::vector<std::filesystem::path>& overlays);
  // From now on `plugin` is the one of these, the others stay. Error kind: broken.
  Expected<void> replace(const std::string& plugin, const std::filesystem::path& folder,
                         const std::vector<std::filesystem::path>& overlays);
  // As if a package had lost a file, and it was put back. False when there was nothing to do. Error
  // kind: broken.
  [[nodiscard]] Expected<bool> remove(const std::string& plugin) const;
  [[nodiscard]] Expected<bool> restore(const std::string& plugin) const;

 private:
  // A new folder with links to all that is in `folders`, the last ones first.
  Expected<std::filesystem::path> mix(const std::vector<std::filesystem::path>& folders);
  [[nodiscard]] Expected<bool> place(const std::string& plugin) const;

  bool m_record;
  std::filesystem::path m_folder;
  int m_mixtures = 0;
};

}  // namespace cni_matrix::scenario
