#include "settings_json.hpp"

#include <fmt/format.h>

namespace cni_matrix {

Expected<RuntimeSettings> settings_from_json(const Json& value, std::string_view place) {
  RuntimeSettings settings;
  settings.config_version = value.value("configVersion", settings.config_version);
  if (value.contains("maxConfNum")) {
    settings.max_conf_num = value.at("maxConfNum").get<int>();
  }
  settings.setup_serially = value.value("setupSerially", false);
  settings.internal_loopback = value.value("internalLoopback", false);
  settings.bin_dir = value.value("binDir", "");
  settings.bin_dirs = value.value("binDirs", settings.bin_dirs);
  settings.ip_pref = value.value("ipPref", "");
  settings.conf_template = value.value("confTemplate", "");
  if (value.contains("handlers")) {
    for (const auto& [name, handler] : value.at("handlers").items()) {
      // The harness's own handler, and containerd's name for the network of all others.
      if (name == "runc" || name == "default") {
        return input_error("{}/handlers: the name {} is taken", place, name);
      }
      settings.handlers[name] = {handler.value("confDir", ""), handler.value("maxConfNum", 0)};
    }
  }
  return settings;
}

std::string summary_of(const RuntimeSettings& settings) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view key, const auto& value) {
    parts.push_back(fmt::format("{}={}", key, value));
  };
  if (settings.config_version != RuntimeSettings().config_version) {
    add("configVersion", settings.config_version);
  }
  if (settings.max_conf_num) {
    add("maxConfNum", *settings.max_conf_num);
  }
  if (settings.setup_serially) {
    add("setupSerially", true);
  }
  if (settings.internal_loopback) {
    add("internalLoopback", true);
  }
  if (!settings.bin_dir.empty()) {
    add("binDir", settings.bin_dir);
  }
  if (!settings.bin_dirs.empty()) {
    add("binDirs", fmt::format("{}", fmt::join(settings.bin_dirs, ":")));
  }
  if (!settings.ip_pref.empty()) {
    add("ipPref", settings.ip_pref);
  }
  if (!settings.conf_template.empty()) {
    add("confTemplate", true);
  }
  for (const auto& [name, handler] : settings.handlers) {
    add("handler", fmt::format("{}({})", name, handler.conf_dir));
  }
  return parts.empty() ? "defaults" : fmt::format("{}", fmt::join(parts, " "));
}

}  // namespace cni_matrix
