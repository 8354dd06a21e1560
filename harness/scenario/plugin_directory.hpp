#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::scenario {

// /opt/cni/bin of a node. Every plugin of the folder in use is there under its name: as the
// recorder, which runs the real one, or without a recorder itself: both as symbolic links.
class PluginDirectory {
 public:
  explicit PluginDirectory(bool record) : m_record(record) {}

  // Files, by the names of plugins, that stand beside those of every folder, and in the place of
  // those that it has of these names.
  void add(std::map<std::string, std::filesystem::path> own) { m_own = std::move(own); }

  // From now on the plugins are those of `folder` and `overlays`, where the last one that has one
  // wins; also when pods run. Error kind: broken.
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
  // A new folder with links to all that is in `folders`, the last ones first, and to `others`.
  Expected<std::filesystem::path> mix(const std::vector<std::filesystem::path>& folders,
                                      const std::map<std::string, std::filesystem::path>& others);
  [[nodiscard]] Expected<bool> place(const std::string& plugin) const;
  Expected<void> point_to(const std::filesystem::path& folder);

  bool m_record;
  std::map<std::string, std::filesystem::path> m_own;
  std::filesystem::path m_folder;
  int m_mixtures = 0;
};

}  // namespace cni_matrix::scenario
