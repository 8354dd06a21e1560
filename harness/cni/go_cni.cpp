#include "go_cni.hpp"

#include "libcni.hpp"
#include "network_config.hpp"

#include "go/format.hpp"
#include "go/json_parse.hpp"
#include "go/utf8.hpp"
#include "go/value.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace cni_matrix::cni {

namespace {

constexpr const char* k_not_initialized = "cni plugin not initialized";

tl::unexpected<GoError> error(std::string message) {
  return tl::unexpected(GoError{std::move(message), false});
}

tl::unexpected<GoError> not_initialized() {
  return tl::unexpected(GoError{k_not_initialized, true});
}

// The network that WithLoNetwork makes, byte for byte: the cache keeps it.
std::string loopback_configuration(const std::string& cni_version) {
  return fmt::format(
      "{{\n\"cniVersion\": \"{}\",\n\"name\": \"cni-loopback\",\n\"plugins\": [{{\n  \"type\": "
      "\"loopback\"\n}}]\n}}",
      cni_version);
}

struct Network {
  NetworkConfigList config;
  std::string interface;
};

}  // namespace

struct GoCni::Impl {
  Impl(Profile the_profile, GoCniSettings the_settings)
      : profile(std::move(the_profile)),
        settings(std::move(the_settings)),
        library(traits_of(profile), settings.plugin_dirs, settings.cache_dir,
                settings.environment.empty() ? fixed_environment() : settings.environment) {}

  [[nodiscard]] bool go_cni_from(unsigned major, unsigned minor, unsigned patch) const {
    return profile.go_cni >= Version{major, minor, patch, ""};
  }
  [[nodiscard]] bool ready() const {
    return static_cast<int>(networks.size()) >= settings.min_networks;
  }
  [[nodiscard]] std::string interface_name(std::size_t index) const {
    return settings.interface_prefix + std::to_string(index);
  }
  [[nodiscard]] RuntimeConf runtime_conf(const std::string& id, const std::string& netns,
                                         const AttachmentOptions& options,
                                         const std::string& interface) const;

  GoResult<void> load_from_conf_dir();
  GoResult<NetworkConfigList> load_file(const std::filesystem::path& file) const;
  go::Decoded<Result> attach(const Network& network, const RuntimeConf& runtime);
  GoResult<std::vector<Result>> attach_serially(const std::vector<RuntimeConf>& runtimes);
  GoResult<std::vector<Result>> attach_in_parallel(const std::vector<RuntimeConf>& runtimes);
  [[nodiscard]] GoResult<SetupResult> create_result(const std::vector<Result>& results) const;

  Profile profile;
  GoCniSettings settings;
  Libcni library;
  std::vector<Network> networks;
  mutable std::shared_mutex networks_mutex;
};

RuntimeConf GoCni::Impl::runtime_conf(const std::string& id, const std::string& netns,
                                      const AttachmentOptions& options,
                                      const std::string& interface) const {
  RuntimeConf runtime;
  runtime.container_id = id;
  runtime.netns = netns;
  runtime.interface = interface;
  runtime.arguments = options.arguments;
  runtime.capabilities = go::from_json(options.capabilities);
  runtime.deadline = options.deadline;
  return runtime;
}

GoResult<NetworkConfigList> GoCni::Impl::load_file(const std::filesystem::path& file) const {
  const auto& traits = library.traits();
  const auto invalid = [](const std::string& text) { return error(text + ": invalid cni config"); };
  go::Decoded<NetworkConfigList> list;
  if (file.extension() == ".conflist") {
    list = conf_list_from_file(file, traits);
    if (!list) {
      return invalid(
          fmt::format("failed to load CNI config list file {}: {}", file.string(), list.error()));
    }
  } else {
    const auto conf = conf_from_file(file, traits);
    if (!conf) {
      return invalid(
          fmt::format("failed to load CNI config file {}: {}", file.string(), conf.error()));
    }
    // Also what a list in a .conf file is refused for, by the older libcni.
    if (conf->network.type.empty()) {
      return invalid("network type not found in " + file.string());
    }
    list = conf_list_from_conf(*conf, traits);
    if (!list) {
      return invalid(fmt::format("failed to convert CNI config file {} to CNI config list: {}",
                                 file.string(), list.error()));
    }
  }
  if (list->plugins.empty()) {
    return invalid(
        fmt::format("CNI config list in config file {} has no networks, skipping", file.string()));
  }
  return std::move(*list);
}

GoResult<void> GoCni::Impl::load_from_conf_dir() {
  auto files = conf_files(settings.conf_dir, configuration_extensions(), library.traits());
  if (!files) {
    return error(
        fmt::format("failed to read config file: {}: failed to read config file", files.error()));
  }
  if (files->empty()) {
    return tl::unexpected(GoError{fmt::format("no network config found in {}: {}",
                                              settings.conf_dir.string(), k_not_initialized),
                                  true});
  }
  std::sort(files->begin(), files->end(),
            [](const auto& a, const auto& b) { return a.native() < b.native(); });
  std::vector<Network> loaded;
  for (const auto& file : *files) {
    auto list = load_file(file);
    if (!list) {
      return tl::unexpected(list.error());
    }
    loaded.push_back({std::move(*list), interface_name(loaded.size())});
    if (static_cast<int>(loaded.size()) == settings.max_conf_num) {
      break;
    }
  }
  std::move(loaded.begin(), loaded.end(), std::back_inserter(networks));
  return {};
}

go::Decoded<Result> GoCni::Impl::attach(const Network& network, const RuntimeConf& runtime) {
  auto result = library.add_network_list(network.config, runtime);
  return result ? to_newest(std::move(*result), library.traits().results) : result;
}

GoResult<std::vector<Result>> GoCni::Impl::attach_serially(
    const std::vector<RuntimeConf>& runtimes) {
  std::vector<Result> results;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    auto result = attach(networks[i], runtimes[i]);
    if (!result) {
      return error(result.error());
    }
    results.push_back(std::move(*result));
  }
  return results;
}

// One thread a network, as go-cni starts one goroutine each; the error that comes first is returned
// when all have ended.
GoResult<std::vector<Result>> GoCni::Impl::attach_in_parallel(
    const std::vector<RuntimeConf>& runtimes) {
  std::vector<Result> results(networks.size());
  std::optional<std::string> first_error;
  std::mutex mutex;
  const auto run = [&](std::size_t i) {
    auto result = attach(networks[i], runtimes[i]);
    const std::lock_guard lock(mutex);
    if (result) {
      results[i] = std::move(*result);
    } else if (!first_error) {
      first_error = result.error();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < networks.size(); ++i) {
    threads.emplace_back(run, i);
  }
  run(0);
  for (auto& thread : threads) {
    thread.join();
  }
  if (first_error) {
    return error(*first_error);
  }
  return results;
}

GoResult<SetupResult> GoCni::Impl::create_result(const std::vector<Result>& results) const {
  SetupResult setup;
  const std::string default_name = interface_name(0);
  setup.interfaces[default_name];
  for (const auto& result : results) {
    const auto count = static_cast<std::int64_t>(result.interfaces.size());
    for (const auto& interface : result.interfaces) {
      if (!interface) {
        return error(k_nil_panic);
      }
      InterfaceConfig config;
      config.mac = interface->mac;
      config.sandbox = interface->sandbox;
      config.pci_id = interface->pci_id;
      config.socket_path = interface->socket_path;
      setup.interfaces[interface->name] = std::move(config);
    }
    for (const auto& ip : result.ips) {
      if (!ip) {
        return error("invalid interface config: invalid IP configuration (nil): invalid result");
      }
      const auto index = ip->interface;
      if (index && *index > count) {
        return error(fmt::format(
            "invalid interface config: invalid IP configuration (interface number {} is > number "
            "of interfaces {}): invalid result",
            *index, count));
      }
      if (index && (*index < 0 || *index == count)) {
        return error(
            *index < 0 ? fmt::format("panic: runtime error: index out of range [{}]", *index)
                       : fmt::format("panic: runtime error: index out of range [{}] with length {}",
                                     *index, count));
      }
      const std::string& name =
          index ? result.interfaces[static_cast<std::size_t>(*index)]->name : default_name;
      setup.interfaces[name].ips.push_back({ip->address.ip.str(), ip->gateway.str()});
    }
  }
  return setup;
}

GoCni::GoCni(Profile profile, GoCniSettings settings)
    : m_impl(std::make_unique<Impl>(std::move(profile), std::move(settings))) {}
GoCni::GoCni(GoCni&&) noexcept = default;
GoCni& GoCni::operator=(GoCni&&) noexcept = default;
GoCni::~GoCni() = default;

GoResult<void> GoCni::load() {
  const std::unique_lock lock(m_impl->networks_mutex);
  m_impl->networks.clear();
  if (m_impl->settings.loopback) {
    auto list = conf_list_from_bytes(loopback_configuration(m_impl->profile.loopback_version),
                                     m_impl->library.traits());
    m_impl->networks.push_back({std::move(*list), "lo"});
  }
  auto loaded = m_impl->load_from_conf_dir();
  if (!loaded) {
    std::string text = "cni config load failed: " + loaded.error().message;
    if (!m_impl->go_cni_from(1, 1, 0)) {
      text = go::sprintf_without_operands(text);
    }
    return error(text + ": failed to load cni config");
  }
  return {};
}

GoResult<void> GoCni::status() {
  const std::shared_lock lock(m_impl->networks_mutex);
  if (!m_impl->ready()) {
    return not_initialized();
  }
  if (!m_impl->go_cni_from(1, 1, 11)) {
    return {};
  }
  for (const auto& network : m_impl->networks) {
    if (auto status = m_impl->library.status_network_list(network.config); !status) {
      return error(status.error());
    }
  }
  return {};
}

GoResult<SetupResult> GoCni::setup(const std::string& id, const std::string& netns,
                                   const AttachmentOptions& options) {
  const std::shared_lock lock(m_impl->networks_mutex);
  if (!m_impl->ready()) {
    return not_initialized();
  }
  std::vector<RuntimeConf> runtimes;
  for (const auto& network : m_impl->networks) {
    runtimes.push_back(m_impl->runtime_conf(id, netns, options, network.interface));
  }
  // go-cni attaches in parallel since 1.1.0.
  const bool serially = m_impl->settings.serially || !m_impl->go_cni_from(1, 1, 0);
  auto results =
      serially ? m_impl->attach_serially(runtimes) : m_impl->attach_in_parallel(runtimes);
  if (!results) {
    return tl::unexpected(results.error());
  }
  return m_impl->create_result(*results);
}

GoResult<void> GoCni::remove(const std::string& id, const std::string& netns,
                             const AttachmentOptions& options) {
  const std::shared_lock lock(m_impl->networks_mutex);
  if (!m_impl->ready()) {
    return not_initialized();
  }
  for (const auto& network : m_impl->networks) {
    const auto runtime = m_impl->runtime_conf(id, netns, options, network.interface);
    const auto removed = m_impl->library.del_network_list(network.config, runtime);
    if (removed) {
      continue;
    }
    const std::string& text = removed.error();
    const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
    // go-cni takes these for "is gone already"; "not found" since 1.1.0.
    if ((netns.empty() && says("no such file or directory")) ||
        (m_impl->go_cni_from(1, 1, 0) && says("not found"))) {
      continue;
    }
    return error(text);
  }
  return {};
}

OrderedJson GoCni::config() const {
  const std::shared_lock lock(m_impl->networks_mutex);
  const auto& settings = m_impl->settings;
  OrderedJson json;
  json["PluginDirs"] = OrderedJson::array();
  for (const auto& directory : settings.plugin_dirs) {
    json["PluginDirs"].push_back(directory.string());
  }
  json["PluginConfDir"] = settings.conf_dir.string();
  json["PluginMaxConfNum"] = settings.max_conf_num;
  json["Prefix"] = settings.interface_prefix;
  json["Networks"] = m_impl->networks.empty() ? OrderedJson() : OrderedJson::array();
  for (const auto& network : m_impl->networks) {
    OrderedJson list;
    list["Name"] = network.config.name;
    list["CNIVersion"] = network.config.cni_version;
    list["Plugins"] = OrderedJson::array();
    for (const auto& plugin : network.config.plugins) {
      OrderedJson entry;
      entry["Network"] = go::to_ordered_json(to_value(plugin.network, m_impl->library.traits()));
      entry["Source"] = go::valid_utf8(plugin.bytes);
      list["Plugins"].push_back(std::move(entry));
    }
    list["Source"] = go::valid_utf8(network.config.bytes);
    OrderedJson item;
    item["Config"] = std::move(list);
    item["IFName"] = network.interface;
    json["Networks"].push_back(std::move(item));
  }
  return json;
}

std::string GoCni::take_plugin_stderr() {
  return m_impl->library.take_stderr();
}

const Profile& GoCni::profile() const {
  return m_impl->profile;
}

}  // namespace cni_matrix::cni
