#include "network_config.hpp"

#include "go/decode.hpp"
#include "go/file.hpp"
#include "go/format.hpp"
#include "go/interface.hpp"
#include "go/json_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <sys/stat.h>

namespace cni_matrix::cni {

namespace {

using go::Decoded;
using go::StructDecoder;
using go::Value;

tl::unexpected<std::string> list_error(const std::string& what) {
  return tl::unexpected("error parsing configuration list: " + what);
}

bool decode_prev_result(StructDecoder& decoder, const Value& value, Value& out) {
  return decoder.map(value, "map[string]interface {}", [&](const std::string& key, const Value& v) {
    auto element = go::as_interface(v);
    if (!element) {
      decoder.mismatch("number " + v.text, "float64");
      return true;
    }
    out.kind = Value::Kind::object;
    out.set(key, std::move(*element));
    return true;
  });
}

bool decode_dns(StructDecoder& d, const Value& value, Result::Dns& dns) {
  return d.object(value, "types.DNS", "DNS",
                  {{"nameservers", [&](const Value& v) { return d.strings(v, dns.nameservers); }},
                   {"domain", [&](const Value& v) { return d.string(v, dns.domain); }},
                   {"search", [&](const Value& v) { return d.strings(v, dns.search); }},
                   {"options", [&](const Value& v) { return d.strings(v, dns.options); }}});
}

Decoded<PluginConf> decode_conf(const Value& value, const LibcniTraits& traits) {
  PluginConf conf;
  StructDecoder d(traits.json);
  const auto capabilities = [&](const Value& v) {
    return d.map(v, "map[string]bool", [&](const std::string& key, const Value& element) {
      bool flag = false;
      d.boolean(element, flag);
      conf.capabilities[key] = flag;
      return true;
    });
  };
  const auto ipam = [&](const Value& v) {
    return d.object(v, "types.IPAM", "IPAM",
                    {{"type", [&](const Value& t) { return d.string(t, conf.ipam_type); }}});
  };
  d.object(
      value, "types." + traits.conf_name, traits.conf_name,
      {{"cniVersion", [&](const Value& v) { return d.string(v, conf.cni_version); }},
       {"name", [&](const Value& v) { return d.string(v, conf.name); }},
       {"type", [&](const Value& v) { return d.string(v, conf.type); }},
       {"capabilities", capabilities},
       {"ipam", ipam},
       {"dns", [&](const Value& v) { return decode_dns(d, v, conf.dns); }},
       {"prevResult", [&](const Value& v) { return decode_prev_result(d, v, conf.prev_result); }}});
  if (const auto error = d.error()) {
    return tl::unexpected(error->str());
  }
  return conf;
}

// json.Unmarshal into a map[string]interface{}; null leaves the map empty.
Decoded<Value> unmarshal_map(const std::string& bytes, const LibcniTraits& traits) {
  const auto value = go::parse(bytes, traits.json);
  if (!value) {
    return tl::unexpected(value.error());
  }
  if (value->is(Value::Kind::null)) {
    return Value::object();
  }
  if (!value->is(Value::Kind::object)) {
    StructDecoder decoder;
    decoder.mismatch(*value, "map[string]interface {}");
    return tl::unexpected(decoder.error()->str());
  }
  return go::as_interface(*value, traits.json);
}

// The greatest of "cniVersions" and "cniVersion" that libcni itself knows.
Decoded<std::string> choose_version(const Value& versions, const std::string& cni_version,
                                    EmptyVersion empty) {
  static constexpr std::string_view k_current = "1.1.0";
  if (!versions.is(Value::Kind::array)) {
    // libcni prints the type of its own, empty variable here
    return list_error("invalid type for cniVersions: []interface {}");
  }
  std::vector<std::string> candidates;
  for (std::size_t i = 0; i < versions.items.size(); ++i) {
    const Value& item = versions.items[i];
    if (!item.is(Value::Kind::string)) {
      return list_error(
          fmt::format("invalid type for cniVersions index {}: {}", i, go::type_name(&item)));
    }
    const auto too_new = greater(item.text, k_current, empty);
    if (!too_new) {
      return list_error(fmt::format("invalid cniVersions entry {} at index {}: {}", item.text, i,
                                    too_new.error()));
    }
    if (!*too_new) {
      candidates.push_back(item.text);
    }
  }
  if (!cni_version.empty()) {
    const auto too_new = greater(cni_version, k_current, empty);
    if (!too_new) {
      return list_error(fmt::format("invalid cniVersion {}: {}", cni_version, too_new.error()));
    }
    if (!*too_new) {
      candidates.push_back(cni_version);
    }
  }
  // An insertion sort, as slices.SortFunc does for so few: its order is not a strict one for
  // versions that are equal but written differently.
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    for (std::size_t j = i; j > 0; --j) {
      const bool less = candidates[j] != candidates[j - 1] &&
                        !greater(candidates[j], candidates[j - 1], empty).value_or(false);
      if (!less) {
        break;
      }
      std::swap(candidates[j], candidates[j - 1]);
    }
  }
  return candidates.empty() ? cni_version : candidates.back();
}

// The reader of booleans of libcni 1.2 on.
Decoded<bool> read_bool(const Value& list, const std::string& key) {
  const Value* value = list.find(key);
  if (value == nullptr) {
    return false;
  }
  if (value->is(Value::Kind::boolean)) {
    return value->boolean;
  }
  if (!value->is(Value::Kind::string)) {
    return list_error(fmt::format("invalid type {} for {}", go::type_name(value), key));
  }
  std::string text = value->text;
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (text == "true" || text == "false") {
    return text == "true";
  }
  return list_error(fmt::format("invalid value {} for {}", go::quote(text), key));
}

Decoded<void> read_switches(const Value& raw, NetworkConfigList& list, const LibcniTraits& traits) {
  if (!traits.version_list) {
    if (const Value* flag = raw.find("disableCheck")) {
      if (!flag->is(Value::Kind::boolean)) {
        return list_error("invalid disableCheck type " + go::type_name(flag));
      }
      list.disable_check = flag->boolean;
    }
    return {};
  }
  std::vector<std::pair<std::string, bool*>> switches = {{"disableCheck", &list.disable_check},
                                                         {"disableGC", &list.disable_gc}};
  if (traits.plugins_in_directory) {
    switches.emplace_back("loadOnlyInlinedPlugins", &list.load_only_inlined_plugins);
  }
  for (const auto& [key, target] : switches) {
    const auto flag = read_bool(raw, key);
    if (!flag) {
      return tl::unexpected(flag.error());
    }
    *target = *flag;
  }
  return {};
}

// The plugins of conf.d/<network name>/*.conf, in the order of their names
// (containernetworking/cni#928).
Decoded<void> add_plugins_in_directory(const std::filesystem::path& file, NetworkConfigList& list,
                                       const LibcniTraits& traits) {
  // filepath.Join cleans the path.
  const auto directory = (file.parent_path() / ("./" + list.name)).lexically_normal();
  auto files = conf_files(directory, {".conf"}, traits);
  if (!files) {
    return tl::unexpected(fmt::format("failed to read plugin config files in {}: {}",
                                      directory.string(), files.error()));
  }
  std::sort(files->begin(), files->end());
  for (const auto& plugin_file : *files) {
    auto bytes = go::read_file(plugin_file);
    if (!bytes) {
      return tl::unexpected(
          fmt::format("error reading {}: {}", plugin_file.string(), bytes.error()));
    }
    auto plugin = conf_from_bytes(std::move(*bytes), traits);
    if (!plugin) {
      return tl::unexpected(plugin.error());
    }
    list.plugins.push_back(std::move(*plugin));
  }
  return {};
}

}  // namespace

Decoded<PluginConfig> conf_from_bytes(std::string bytes, const LibcniTraits& traits) {
  static constexpr const char* k_prefix = "error parsing configuration: ";
  const auto value = go::parse(bytes, traits.json);
  if (!value) {
    return tl::unexpected(k_prefix + value.error());
  }
  if (value->is(Value::Kind::null) && traits.null_plugin_panics) {
    return tl::unexpected(std::string(k_nil_panic));
  }
  auto conf = decode_conf(*value, traits);
  if (!conf) {
    return tl::unexpected(k_prefix + conf.error());
  }
  if (conf->type.empty()) {
    return tl::unexpected(std::string("error parsing configuration: missing 'type'"));
  }
  return PluginConfig{std::move(*conf), std::move(bytes)};
}

Decoded<PluginConfig> conf_from_file(const std::filesystem::path& file,
                                     const LibcniTraits& traits) {
  auto bytes = go::read_file(file);
  if (!bytes) {
    return tl::unexpected(fmt::format("error reading {}: {}", file.string(), bytes.error()));
  }
  return conf_from_bytes(std::move(*bytes), traits);
}

Decoded<NetworkConfigList> conf_list_from_bytes(std::string bytes, const LibcniTraits& traits) {
  const auto raw = unmarshal_map(bytes, traits);
  if (!raw) {
    return list_error(raw.error());
  }
  NetworkConfigList list;
  const Value* name = raw->find("name");
  if (name == nullptr) {
    return list_error("no name");
  }
  if (!name->is(Value::Kind::string)) {
    return list_error("invalid name type " + go::type_name(name));
  }
  list.name = name->text;
  if (const Value* version = raw->find("cniVersion")) {
    if (!version->is(Value::Kind::string)) {
      return list_error("invalid cniVersion type " + go::type_name(version));
    }
    list.cni_version = version->text;
  }
  if (const Value* versions = traits.version_list ? raw->find("cniVersions") : nullptr) {
    auto chosen = choose_version(*versions, list.cni_version, traits.empty_version);
    if (!chosen) {
      return tl::unexpected(chosen.error());
    }
    list.cni_version = std::move(*chosen);
  }
  if (auto switches = read_switches(*raw, list, traits); !switches) {
    return tl::unexpected(switches.error());
  }
  list.bytes = std::move(bytes);

  const Value* plugins = raw->find("plugins");
  if (plugins == nullptr) {
    if (!traits.plugins_in_directory) {
      return list_error("no 'plugins' key");
    }
    if (list.load_only_inlined_plugins) {
      return list_error("`loadOnlyInlinedPlugins` is true, and no 'plugins' key");
    }
    return list;
  }
  if (!plugins->is(Value::Kind::array)) {
    return list_error("invalid 'plugins' type " + go::type_name(plugins));
  }
  if (plugins->items.empty()) {
    return list_error("no plugins in list");
  }
  for (std::size_t i = 0; i < plugins->items.size(); ++i) {
    auto plugin = conf_from_bytes(go::marshal(plugins->items[i]), traits);
    if (!plugin) {
      if (plugin.error() == k_nil_panic) {
        return tl::unexpected(plugin.error());
      }
      return tl::unexpected(fmt::format("{}ailed to parse plugin config {}: {}",
                                        traits.lower_case_errors ? 'f' : 'F', i, plugin.error()));
    }
    list.plugins.push_back(std::move(*plugin));
  }
  return list;
}

Decoded<NetworkConfigList> conf_list_from_file(const std::filesystem::path& file,
                                               const LibcniTraits& traits) {
  auto bytes = go::read_file(file);
  if (!bytes) {
    return tl::unexpected(fmt::format("error reading {}: {}", file.string(), bytes.error()));
  }
  auto list = conf_list_from_bytes(std::move(*bytes), traits);
  if (!list || !traits.plugins_in_directory) {
    return list;
  }
  if (!list->load_only_inlined_plugins) {
    if (auto added = add_plugins_in_directory(file, *list, traits); !added) {
      return tl::unexpected(added.error());
    }
  }
  if (list->plugins.empty()) {
    return tl::unexpected(std::string("no plugin configs found"));
  }
  return list;
}

Decoded<NetworkConfigList> conf_list_from_conf(const PluginConfig& conf,
                                               const LibcniTraits& traits) {
  auto raw = unmarshal_map(conf.bytes, traits);
  if (!raw) {
    return tl::unexpected(raw.error());
  }
  // Keys sorted, as of a map. An absent cniVersion becomes an empty one here.
  const Value list = Value::object({{"cniVersion", Value::of(conf.network.cni_version)},
                                    {"name", Value::of(conf.network.name)},
                                    {"plugins", Value::array({std::move(*raw)})}});
  return conf_list_from_bytes(go::marshal(list), traits);
}

Decoded<PluginConfig> inject_conf(const PluginConfig& conf,
                                  const std::vector<std::pair<std::string, Value>>& values,
                                  const LibcniTraits& traits) {
  auto config = unmarshal_map(conf.bytes, traits);
  if (!config) {
    return tl::unexpected("unmarshal existing network bytes: " + config.error());
  }
  for (const auto& [key, value] : values) {
    config->set(key, value);
  }
  std::sort(config->members.begin(), config->members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return conf_from_bytes(go::marshal(*config), traits);
}

Decoded<std::vector<std::filesystem::path>> conf_files(const std::filesystem::path& directory,
                                                       const std::vector<std::string>& extensions,
                                                       const LibcniTraits& traits) {
  std::vector<std::filesystem::path> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), ::closedir);
  if (!handle) {
    if (errno == ENOENT) {
      return files;
    }
    // Go up to 1.21 opens first and fails when it reads.
    const bool reads = errno == ENOTDIR && !traits.version_list;
    return tl::unexpected(fmt::format("{} {}: {}", reads ? "readdirent" : "open",
                                      directory.string(), go::error_text(errno)));
  }
  while (const dirent* entry = ::readdir(handle.get())) {
    const std::string name = entry->d_name;
    const auto dot = name.rfind('.');
    if (dot == std::string::npos ||
        std::find(extensions.begin(), extensions.end(), name.substr(dot)) == extensions.end()) {
      continue;
    }
    struct stat status {};
    const auto path = directory / name;
    if (::lstat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
      files.push_back(path);
    }
  }
  return files;
}

Value to_value(const PluginConf& conf, const LibcniTraits& traits) {
  const auto strings = [](const std::vector<std::string>& values) {
    Value out = Value::array();
    for (const auto& value : values) {
      out.items.push_back(Value::of(value));
    }
    return out;
  };
  Value out = Value::object();
  const auto put = [](Value& object, const char* name, const std::string& text) {
    if (!text.empty()) {
      object.set(name, Value::of(text));
    }
  };
  put(out, "cniVersion", conf.cni_version);
  put(out, "name", conf.name);
  put(out, "type", conf.type);
  if (!conf.capabilities.empty()) {
    Value capabilities = Value::object();
    for (const auto& [name, flag] : conf.capabilities) {
      capabilities.set(name, Value::of(flag));
    }
    out.set("capabilities", std::move(capabilities));
  }
  Value ipam = Value::object();
  put(ipam, "type", conf.ipam_type);
  out.set("ipam", std::move(ipam));
  if (!traits.omits_empty_dns || !conf.dns.empty()) {
    Value dns = Value::object();
    const auto put_list = [&](const char* name, const std::vector<std::string>& values) {
      if (!values.empty()) {
        dns.set(name, strings(values));
      }
    };
    put_list("nameservers", conf.dns.nameservers);
    put(dns, "domain", conf.dns.domain);
    put_list("search", conf.dns.search);
    put_list("options", conf.dns.options);
    out.set("dns", std::move(dns));
  }
  if (!conf.prev_result.members.empty()) {
    out.set("prevResult", conf.prev_result);
  }
  if (traits.omits_empty_dns) {
    if (auto sorted = go::as_interface(out)) {
      return std::move(*sorted);
    }
  }
  return out;
}

}  // namespace cni_matrix::cni
