#pragma once

#include "libcni_traits.hpp"
#include "result.hpp"

#include "go/json_parse.hpp"
#include "go/value.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Network configurations as libcni's conf.go loads them. Errors are its texts.
namespace cni_matrix::cni {

// types.NetConf (types.PluginConf).
struct PluginConf {
  std::string cni_version;
  std::string name;
  std::string type;
  std::map<std::string, bool> capabilities;
  std::string ipam_type;
  Result::Dns dns;
  go::Value prev_result;
};

struct PluginConfig {
  PluginConf network;
  std::string bytes;
};

struct NetworkConfigList {
  std::string name;
  std::string cni_version;
  bool disable_check = false;
  bool disable_gc = false;
  bool load_only_inlined_plugins = false;
  std::vector<PluginConfig> plugins;
  std::string bytes;
};

go::Decoded<PluginConfig> conf_from_bytes(std::string bytes, const LibcniTraits& traits);
go::Decoded<PluginConfig> conf_from_file(const std::filesystem::path& file,
                                         const LibcniTraits& traits);
go::Decoded<NetworkConfigList> conf_list_from_bytes(std::string bytes, const LibcniTraits& traits);
go::Decoded<NetworkConfigList> conf_list_from_file(const std::filesystem::path& file,
                                                   const LibcniTraits& traits);
go::Decoded<NetworkConfigList> conf_list_from_conf(const PluginConfig& conf,
                                                   const LibcniTraits& traits);

// InjectConf: the configuration with more keys, re-marshalled.
go::Decoded<PluginConfig> inject_conf(const PluginConfig& conf,
                                      const std::vector<std::pair<std::string, go::Value>>& values,
                                      const LibcniTraits& traits);

// Those that go-cni looks for: .conflist is a list, the others are a single plugin.
inline const std::vector<std::string>& configuration_extensions() {
  static const std::vector<std::string> extensions{".conf", ".conflist", ".json"};
  return extensions;
}

// ConfFiles: the files with one of these extensions, directories left out, in no promised order;
// none when the directory is missing.
go::Decoded<std::vector<std::filesystem::path>> conf_files(
    const std::filesystem::path& directory, const std::vector<std::string>& extensions,
    const LibcniTraits& traits);

// What json.Marshal makes of the plugin configuration.
go::Value to_value(const PluginConf& conf, const LibcniTraits& traits);

}  // namespace cni_matrix::cni
