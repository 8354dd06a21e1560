#include "plugin_directory.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <unistd.h>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

Expected<void> PluginDirectory::place(const std::string& plugin) const {
  const auto file = fs::path(layout::k_cni_bin) / plugin;
  // The recorder goes by the name it is called with. A hard link to it would be refused where its
  // owner is nobody in the node (protected_hardlinks).
  const auto target = m_record ? fs::path(layout::k_recorder) : m_folder / plugin;
  const bool placed = ::symlink(target.c_str(), file.c_str()) == 0;
  if (!placed) {
    return system_error(fmt::format("cannot put {} in place", file.string()));
  }
  return {};
}

Expected<void> PluginDirectory::use(const fs::path& folder) {
  if (m_own.empty()) {
    return point_to(folder);
  }
  TRY_ASSIGN(const auto mixture, mix(folder, m_own));
  return point_to(mixture);
}

Expected<void> PluginDirectory::point_to(const fs::path& folder) {
  m_folder = folder;
  const fs::path link = layout::k_real_plugins;
  const fs::path next = link.string() + ".next";
  if (::symlink(folder.c_str(), next.c_str()) != 0 || ::rename(next.c_str(), link.c_str()) != 0) {
    return system_error(fmt::format("cannot point {} to {}", link.string(), folder.string()));
  }
  std::error_code error;
  for (const auto& old : fs::directory_iterator(layout::k_cni_bin, error)) {
    fs::remove(old.path(), error);
  }
  for (const auto& plugin : fs::directory_iterator(folder, error)) {
    TRY(place(plugin.path().filename().string()));
  }
  if (error) {
    return broken("cannot list the plugins in {}: {}", folder.string(), error.message());
  }
  return {};
}

Expected<fs::path> PluginDirectory::mix(const fs::path& folder,
                                        const std::map<std::string, fs::path>& others) {
  auto mixture = fs::path(layout::k_ours) / fmt::format("plugins-{}", ++m_mixtures);
  std::error_code error;
  fs::create_directory(mixture, error);
  for (const auto& old : fs::directory_iterator(folder, error)) {
    if (!others.contains(old.path().filename().string())) {
      fs::create_symlink(old.path(), mixture / old.path().filename(), error);
    }
  }
  for (const auto& [plugin, file] : others) {
    fs::create_symlink(file, mixture / plugin, error);
  }
  if (error) {
    return broken("cannot mix the plugins of {} with others: {}", folder.string(), error.message());
  }
  return mixture;
}

Expected<void> PluginDirectory::replace(const std::string& plugin, const fs::path& folder) {
  TRY_ASSIGN(const auto mixture, mix(m_folder, {{plugin, folder / plugin}}));
  return point_to(mixture);
}

Expected<void> PluginDirectory::remove(const std::string& plugin) const {
  const auto file = fs::path(layout::k_cni_bin) / plugin;
  if (::unlink(file.c_str()) != 0) {
    return system_error(fmt::format("cannot remove {}", file.string()));
  }
  return {};
}

Expected<void> PluginDirectory::restore(const std::string& plugin) const {
  return place(plugin);
}

}  // namespace cni_matrix::scenario
