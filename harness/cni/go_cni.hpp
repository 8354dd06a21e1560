#pragma once

#include "profile.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// go-cni and libcni as they behave in one containerd release, over real plugins. This is a model of
// algorithms: it knows of no observed outcome.
namespace cni_matrix::cni {

// A Go error: its text, word for word.
struct GoError {
  std::string message;
  bool not_initialized = false;  // cni.IsCNINotInitialized(err)
};

template <typename T>
using GoResult = tl::expected<T, GoError>;

// What containerd sets up go-cni with.
struct GoCniSettings {
  std::vector<std::filesystem::path> plugin_dirs{"/opt/cni/bin"};
  std::filesystem::path conf_dir = "/etc/cni/net.d";
  std::filesystem::path cache_dir = "/var/lib/cni";  // libcni's CacheDir; results/ is below it
  std::string interface_prefix = "eth";
  int max_conf_num = 1;   // files loaded from conf_dir; 0: all of them
  int min_networks = 2;   // cni-loopback and one more, as containerd's CRI plugin asks for
  bool loopback = true;   // false: use_internal_loopback of containerd 2
  bool serially = false;  // setup_serially of containerd 1.7 on; needs go-cni 1.1.6
  // Of the process that plugins inherit from; CNI_* come after it. Empty: fixed_environment().
  std::vector<std::string> environment;
};

// One call's parameters. The same for setup and remove.
struct AttachmentOptions {
  // CNI_ARGS in the order written here (Go's is the random one of a map): IgnoreUnknown=1,
  // K8S_POD_...
  std::vector<std::pair<std::string, std::string>> arguments;
  // Capability name -> value, as Go marshals it: keys of structs in the order of their fields, so
  // {"portMappings":[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":""}]}.
  OrderedJson capabilities = OrderedJson::object();
  // The context's end: plugins that still run then are killed. A point in the past: a context that
  // was cancelled before the call.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

struct IpConfig {
  std::string ip;       // as net.IP prints it
  std::string gateway;  // empty: none
};

struct InterfaceConfig {
  std::vector<IpConfig> ips;
  std::string mac;
  std::string sandbox;
  std::string pci_id;
  std::string socket_path;
};

// go-cni's Result: interfaces by name. "eth0" is always in it, with no IPs when no plugin gave one.
struct SetupResult {
  std::map<std::string, InterfaceConfig> interfaces;
};

// As in go-cni, load() waits until running calls have ended; the others may run at the same time.
class GoCni {
 public:
  GoCni(Profile profile, GoCniSettings settings);
  GoCni(GoCni&&) noexcept;
  GoCni& operator=(GoCni&&) noexcept;
  GoCni(const GoCni&) = delete;
  GoCni& operator=(const GoCni&) = delete;
  ~GoCni();

  // Load(WithLoNetwork, WithDefaultConf). Networks are reset first, so a failed load leaves the
  // loopback only. The error is what CRI Status shows as lastCNILoadStatus: "cni config load
  // failed: no network config found in /etc/cni/net.d: cni plugin not initialized: failed to load
  // cni config".
  GoResult<void> load();

  // "cni plugin not initialized"; with go-cni >= 1.1.11 the first STATUS error of a plugin.
  GoResult<void> status();

  // Setup: ADD of every network. The error is the first one, as go-cni returns it; containerd puts
  // `failed to setup network for sandbox "...": ` before it.
  GoResult<SetupResult> setup(const std::string& id, const std::string& netns,
                              const AttachmentOptions& options);

  // Remove: DEL of every network, in order, until one fails. `netns` may be empty.
  GoResult<void> remove(const std::string& id, const std::string& netns,
                        const AttachmentOptions& options);

  // GetConfig, as CRI's verbose Status shows it under "cniconfig".
  [[nodiscard]] OrderedJson config() const;

  // What plugins wrote on standard error since the last call of this (containerd's log).
  std::string take_plugin_stderr();

  [[nodiscard]] const Profile& profile() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace cni_matrix::cni
