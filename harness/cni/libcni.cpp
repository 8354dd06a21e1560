#include "libcni.hpp"

#include "plugin_exec.hpp"

#include "go/decode.hpp"
#include "go/format.hpp"
#include "go/interface.hpp"
#include "go/json_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>

#include <sys/stat.h>

namespace cni_matrix::cni {

namespace {

using go::Decoded;
using go::Value;

// What invoke.Args.AsEnv sets itself; any other variable is passed on.
constexpr std::array<std::string_view, 6> k_own_variables = {
    "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_ARGS", "CNI_IFNAME", "CNI_PATH"};

bool valid_name(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !name.empty() && alphanumeric(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

// utils.ValidateContainerID, ValidateNetworkName and ValidateInterfaceName, as Error() prints them.
Decoded<void> validate(const std::string& network, const RuntimeConf& runtime) {
  const auto error = [](std::string text) { return tl::unexpected(std::move(text)); };
  if (runtime.container_id.empty()) {
    return error("missing containerID");
  }
  if (!valid_name(runtime.container_id)) {
    return error("invalid characters in containerID; " + runtime.container_id);
  }
  if (network.empty()) {
    return error("missing network name:");
  }
  if (!valid_name(network)) {
    return error("invalid characters found in network name; " + network);
  }
  const std::string& interface = runtime.interface;
  if (interface.empty()) {
    return error("interface name is empty");
  }
  if (interface.size() > 15) {
    return error("interface name is too long; interface name should be less than 16 characters");
  }
  if (interface == "." || interface == "..") {
    return error("interface name is . or ..");
  }
  if (interface.find_first_of("/: \t\n\v\f\r") != std::string::npos) {
    return error("interface name contains / or : or whitespace characters");
  }
  return {};
}

std::string description(const PluginConf& plugin) {
  std::string text = "type=" + go::quote(plugin.type);
  if (!plugin.name.empty()) {
    text += " name=" + go::quote(plugin.name);
  }
  return text;
}

// types.Error from what a failed plugin printed, as Error() shows it.
std::string diagnostic(const std::string& output, go::JsonPackage package) {
  std::string message;
  std::string details;
  std::string problem;
  if (const auto value = go::parse(output, package); !value) {
    problem = value.error();
  } else {
    std::uint64_t code = 0;
    go::StructDecoder d(package);
    d.object(*value, "types.Error", "Error",
             {{"code", [&](const Value& v) { return d.unsigned_integer(v, code); }},
              {"msg", [&](const Value& v) { return d.string(v, message); }},
              {"details", [&](const Value& v) { return d.string(v, details); }}});
    if (const auto error = d.error()) {
      problem = error->str();
    }
  }
  if (!problem.empty()) {
    message = fmt::format("netplugin failed but error parsing its diagnostic message {}: {}",
                          go::quote(output), problem);
  }
  return details.empty() ? message : message + "; " + details;
}

}  // namespace

Libcni::Libcni(LibcniTraits traits, std::vector<std::filesystem::path> plugin_dirs,
               std::filesystem::path cache_dir, std::vector<std::string> environment)
    : m_traits(std::move(traits)),
      m_plugin_dirs(std::move(plugin_dirs)),
      m_cache_dir(std::move(cache_dir)),
      m_environment(std::move(environment)) {}

std::string Libcni::take_stderr() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_stderr, {});
}

Decoded<std::filesystem::path> Libcni::find_plugin(const std::string& type) const {
  if (type.empty()) {
    return tl::unexpected(std::string("no plugin name provided"));
  }
  if (m_traits.refuses_path_in_type && type.find('/') != std::string::npos) {
    return tl::unexpected("invalid plugin name: " + type);
  }
  if (m_plugin_dirs.empty()) {
    return tl::unexpected(std::string("no paths provided"));
  }
  std::string directories;
  for (const auto& directory : m_plugin_dirs) {
    auto path = std::filesystem::path(directory.string() + "/" + type).lexically_normal();
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      return path;
    }
    directories += (directories.empty() ? "" : " ") + directory.string();
  }
  return tl::unexpected(
      fmt::format("failed to find plugin {} in path [{}]", go::quote(type), directories));
}

Decoded<PluginConfig> Libcni::build_config(const NetworkConfigList& list,
                                           const PluginConfig& plugin,
                                           const std::optional<Result>& previous,
                                           const RuntimeConf& runtime) const {
  std::vector<std::pair<std::string, Value>> values = {{"name", Value::of(list.name)},
                                                       {"cniVersion", Value::of(list.cni_version)}};
  if (previous) {
    values.emplace_back("prevResult", to_value(*previous, m_traits.results));
  }
  auto config = inject_conf(plugin, values, m_traits);
  if (!config) {
    return config;
  }
  // Only what the plugin declares (SPEC, "Deriving runtimeConfig").
  Value runtime_config = Value::object();
  for (const auto& [capability, supported] : config->network.capabilities) {
    const Value* value = runtime.capabilities.find(capability);
    if (supported && value != nullptr) {
      runtime_config.set(capability, *value);
    }
  }
  if (runtime_config.members.empty()) {
    return config;
  }
  return inject_conf(*config, {{"runtimeConfig", std::move(runtime_config)}}, m_traits);
}

std::vector<std::string> Libcni::plugin_environment(const std::string& command,
                                                    const RuntimeConf& runtime) const {
  std::string arguments;
  for (const auto& [key, value] : runtime.arguments) {
    arguments += fmt::format("{}{}={}", arguments.empty() ? "" : ";", key, value);
  }
  std::string path;
  for (const auto& directory : m_plugin_dirs) {
    path += (path.empty() ? "" : ":") + directory.string();
  }
  std::vector<std::string> environment;
  for (const auto& variable : m_environment) {
    const auto name = std::string_view(variable).substr(0, variable.find('='));
    if (std::find(k_own_variables.begin(), k_own_variables.end(), name) == k_own_variables.end()) {
      environment.push_back(variable);
    }
  }
  environment.push_back("CNI_COMMAND=" + command);
  environment.push_back("CNI_CONTAINERID=" + runtime.container_id);
  environment.push_back("CNI_NETNS=" + runtime.netns);
  environment.push_back("CNI_ARGS=" + arguments);
  environment.push_back("CNI_IFNAME=" + runtime.interface);
  environment.push_back("CNI_PATH=" + path);
  return environment;
}

Decoded<std::string> Libcni::exec(const std::filesystem::path& plugin, const std::string& input,
                                  const std::string& command, const RuntimeConf& runtime) {
  const auto environment = plugin_environment(command, runtime);
  PluginRun run;
  for (int attempt = 0; attempt <= 5; ++attempt) {
    run = run_plugin(plugin, input, environment, runtime.deadline);
    if (!m_traits.shows_stderr || !run.failure ||
        run.failure->find("text file busy") == std::string::npos) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));  // as libcni does
    run.failure.reset();  // after the last attempt libcni takes it for a success
  }
  if (!run.err.empty()) {
    const std::lock_guard lock(m_mutex);
    m_stderr += run.err;
  }
  if (!run.failure) {
    return std::move(run.out);
  }
  if (!m_traits.shows_stderr && !run.exited) {
    return tl::unexpected(*run.failure);
  }
  if (!run.out.empty()) {
    return tl::unexpected(diagnostic(run.out, m_traits.json));
  }
  if (!m_traits.shows_stderr) {
    return tl::unexpected(std::string("netplugin failed with no error message"));
  }
  return tl::unexpected(run.err.empty() ? "netplugin failed with no error message: " + *run.failure
                                        : "netplugin failed: " + go::quote(run.err));
}

Decoded<Result> Libcni::decode_result(const std::string& config, const std::string& output) const {
  if (m_traits.result_version == ResultVersion::own) {
    return create_result(output, m_traits.results);
  }
  const auto version = go::decode_version(config);
  if (!version) {
    return tl::unexpected(version.error());
  }
  if (m_traits.result_version == ResultVersion::of_configuration) {
    return create_result(*version, output, m_traits.results);
  }
  const auto prefixed = [](const std::string& text) {
    return tl::unexpected("failed to unmarshal raw result: " + text);
  };
  const auto value = go::parse(output, m_traits.json);
  if (!value) {
    return prefixed(value.error());
  }
  Value raw = Value::object();
  if (value->is(Value::Kind::null)) {
    if (m_traits.null_result_panics) {
      return tl::unexpected(std::string("panic: assignment to entry in nil map"));
    }
  } else if (!value->is(Value::Kind::object)) {
    go::StructDecoder decoder;
    decoder.mismatch(*value, "map[string]interface {}");
    return prefixed(decoder.error()->str());
  } else {
    auto map = go::as_interface(*value, m_traits.json);
    if (!map) {
      return prefixed(map.error());
    }
    raw = std::move(*map);
  }
  const Value* own = raw.find("cniVersion");
  if (own != nullptr && own->is(Value::Kind::string) && !own->text.empty()) {
    return create_result(own->text, output, m_traits.results);
  }
  raw.set("cniVersion", Value::of(*version));
  std::sort(raw.members.begin(), raw.members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return create_result(*version, go::marshal(raw), m_traits.results);
}

Decoded<Result> Libcni::add_network(const NetworkConfigList& list, const PluginConfig& plugin,
                                    const std::optional<Result>& previous,
                                    const RuntimeConf& runtime) {
  const auto path = find_plugin(plugin.network.type);
  if (!path) {
    return tl::unexpected(path.error());
  }
  if (m_traits.validates_names) {
    if (auto valid = validate(list.name, runtime); !valid) {
      return tl::unexpected(valid.error());
    }
  }
  const auto config = build_config(list, plugin, previous, runtime);
  if (!config) {
    return tl::unexpected(config.error());
  }
  const auto output = exec(*path, config->bytes, "ADD", runtime);
  if (!output) {
    return tl::unexpected(output.error());
  }
  return decode_result(config->bytes, *output);
}

Decoded<Result> Libcni::add_network_list(const NetworkConfigList& list,
                                         const RuntimeConf& runtime) {
  std::optional<Result> result;
  for (const auto& plugin : list.plugins) {
    auto next = add_network(list, plugin, result, runtime);
    if (!next) {
      return tl::unexpected(
          m_traits.names_plugin_in_errors
              ? fmt::format("plugin {} failed (add): {}", description(plugin.network), next.error())
              : next.error());
    }
    result = std::move(*next);
  }
  if (!result) {
    return tl::unexpected(std::string(k_nil_panic));  // a list without plugins is never loaded
  }
  if (auto cached = cache_add(*result, list, runtime); !cached) {
    return tl::unexpected(fmt::format("failed to set network {} cached result: {}",
                                      go::quote(list.name), cached.error()));
  }
  return std::move(*result);
}

Decoded<void> Libcni::exec_without_result(const std::string& command, const NetworkConfigList& list,
                                          const PluginConfig& plugin,
                                          const std::optional<Result>& previous,
                                          const RuntimeConf& runtime) {
  const auto path = find_plugin(plugin.network.type);
  if (!path) {
    return tl::unexpected(path.error());
  }
  const auto config = build_config(list, plugin, previous, runtime);
  if (!config) {
    return tl::unexpected(config.error());
  }
  const auto output = exec(*path, config->bytes, command, runtime);
  if (!output) {
    return tl::unexpected(output.error());
  }
  return {};
}

Decoded<void> Libcni::del_network_list(const NetworkConfigList& list, const RuntimeConf& runtime) {
  const auto has_cache = at_least(list.cni_version, "0.4.0", m_traits.empty_version);
  if (!has_cache) {
    return tl::unexpected(has_cache.error());
  }
  std::optional<Result> cached;
  if (*has_cache) {
    auto result = cached_result(list, runtime);
    if (result) {
      cached = std::move(*result);
    } else if (m_traits.tolerates_bad_cache) {
      cache_del(list, runtime);
    } else {
      return tl::unexpected(fmt::format("failed to get network {} cached result: {}",
                                        go::quote(list.name), result.error()));
    }
  }
  for (auto plugin = list.plugins.rbegin(); plugin != list.plugins.rend(); ++plugin) {
    if (auto deleted = exec_without_result("DEL", list, *plugin, cached, runtime); !deleted) {
      return tl::unexpected(m_traits.names_plugin_in_errors
                                ? fmt::format("plugin {} failed (delete): {}",
                                              description(plugin->network), deleted.error())
                                : deleted.error());
    }
  }
  cache_del(list, runtime);
  return {};
}

Decoded<void> Libcni::status_network_list(const NetworkConfigList& list) {
  if (!at_least(list.cni_version, "1.1.0", m_traits.empty_version).value_or(false)) {
    return {};
  }
  for (const auto& plugin : list.plugins) {
    const auto config = inject_conf(
        plugin, {{"name", Value::of(list.name)}, {"cniVersion", Value::of(list.cni_version)}},
        m_traits);
    if (!config) {
      return tl::unexpected(
          fmt::format("failed to generate configuration to get plugin STATUS {}: {}",
                      plugin.network.type, config.error()));
    }
    const auto path = find_plugin(config->network.type);
    if (!path) {
      return tl::unexpected(path.error());
    }
    const auto output = exec(*path, config->bytes, "STATUS", RuntimeConf());
    if (!output) {
      return tl::unexpected(output.error());
    }
  }
  return {};
}

}  // namespace cni_matrix::cni
