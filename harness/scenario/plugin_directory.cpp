#include "plugin_directory.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

Expected<bool> PluginDirectory::place(const std::string& plugin) const {
  const auto file = fs::path(layout::k_cni_bin) / plugin;
  // The recorder goes by the name it is called with. A hard link to it would be refused where its
  // owner is nobody in the node (protected_hardlinks).
  const auto target = m_record ? fs::path(layout::k_recorder) : m_folder / plugin;
  if (::symlink(target.c_str(), file.c_str()) == 0) {
    return true;
  }
  if (errno == EEXIST) {
    return false;
  }
  return system_error(fmt::format("cannot put {} in place", file.string()));
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

Expected<void> PluginDirectory::use(const fs::path& folder, const std::vector<fs::path>& overlays) {
  if (overlays.empty() && m_own.empty()) {
    return point_to(folder);
  }
  std::vector<fs::path> folders{folder};
  folders.insert(folders.end(), overlays.begin(), overlays.end());
  TRY_ASSIGN(const auto mixture, mix(folders, m_own));
  return point_to(mixture);
}

Expected<void> PluginDirectory::replace(const std::string& plugin, const fs::path& folder,
                                        const std::vector<fs::path>& overlays) {
  std::error_code error;
  const auto over = std::find_if(overlays.rbegin(), overlays.rend(), [&](const fs::path& overlay) {
    return fs::exists(overlay / plugin, error);
  });
  const auto source = (over == overlays.rend() ? folder : *over) / plugin;
  TRY_ASSIGN(const auto mixture, mix({m_folder}, {{plugin, source}}));
  return point_to(mixture);
}

Expected<fs::path> PluginDirectory::mix(const std::vector<fs::path>& folders,
                                        const std::map<std::string, fs::path>& others) {
  auto mixture = fs::path(layout::k_ours) / fmt::format("plugins-{}", ++m_mixtures);
  std::error_code error;
  fs::create_directory(mixture, error);
  const auto put = [&](const std::string& name, const fs::path& file) {
    fs::remove(mixture / name, error);
    fs::create_symlink(file, mixture / name, error);
  };
  for (const auto& folder : folders) {
    for (const auto& plugin : fs::directory_iterator(folder, error)) {
      put(plugin.path().filename().string(), plugin.path());
    }
    if (error) {
      return broken("cannot take the plugins of {}: {}", folder.string(), error.message());
    }
  }
  for (const auto& [plugin, file] : others) {
    put(plugin, file);
  }
  if (error) {
    return broken("cannot mix the plugins with others: {}", error.message());
  }
  return mixture;
}

Expected<bool> PluginDirectory::remove(const std::string& plugin) const {
  const auto file = fs::path(layout::k_cni_bin) / plugin;
  if (::unlink(file.c_str()) == 0) {
    return true;
  }
  if (errno == ENOENT) {
    return false;
  }
  return system_error(fmt::format("cannot remove {}", file.string()));
}

Expected<bool> PluginDirectory::restore(const std::string& plugin) const {
  return place(plugin);
}

}  // namespace cni_matrix::scenario
