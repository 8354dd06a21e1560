#include "effective_settings.hpp"

#include "runtime/release_facts.hpp"

#include <fmt/format.h>

namespace cni_matrix::embedded {
namespace {

using Directories = std::vector<std::string>;

// 2.1 on. A file of version 2 is migrated first, and then bin_dir takes the place of bin_dirs,
// whatever that says (configMigration of plugins/cri/runtime: its look at bin_dirs is for a type
// that it never has there). In a later file the two must not meet (ValidatePluginConfig).
tl::expected<Directories, std::string> plugin_directories(const RuntimeSettings& settings,
                                                          const Directories& usual) {
  if (settings.bin_dir.empty()) {
    return settings.bin_dirs.empty() ? usual : settings.bin_dirs;
  }
  if (settings.config_version > 2 && !settings.bin_dirs.empty() && settings.bin_dirs != usual) {
    return tl::unexpected(
        std::string("invalid plugin config: `cni.bin_dir` and `cni.bin_dirs` cannot be set at the "
                    "same time"));
  }
  return Directories{settings.bin_dir};
}

}  // namespace

tl::expected<RuntimeSettings, std::string> effective_settings(const Version& containerd,
                                                              RuntimeSettings settings,
                                                              const Directories& usual) {
  const auto cri = release_facts(containerd);
  if (settings.config_version > cri.config_version) {
    if (containerd.major >= 2) {
      return tl::unexpected(
          fmt::format("expected containerd config version equal to or less than `{}`, got `{}`",
                      cri.config_version, settings.config_version));
    }
    if (cri.refuses_newer_config) {
      return tl::unexpected(
          fmt::format("unsupported config version `{}`", settings.config_version));
    }
    settings = RuntimeSettings{};
  }
  if (!cri.knows_setup_serially) {
    settings.setup_serially = false;
  }
  if (!cri.knows_internal_loopback) {
    settings.internal_loopback = false;
  }
  if (!cri.knows_ip_pref) {
    settings.ip_pref.clear();
  }
  if (!cri.networks_of_handlers) {
    for (auto& [name, handler] : settings.handlers) {
      handler = {};
    }
  }
  if (!cri.knows_bin_dirs) {
    settings.bin_dirs = settings.bin_dir.empty() ? usual : Directories{settings.bin_dir};
  } else {
    auto directories = plugin_directories(settings, usual);
    if (!directories) {
      return tl::unexpected(std::move(directories).error());
    }
    settings.bin_dirs = std::move(*directories);
  }
  settings.bin_dir.clear();
  return settings;
}

}  // namespace cni_matrix::embedded
