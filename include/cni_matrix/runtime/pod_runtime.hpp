#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The seam between scenarios and what runs pods: the real containerd (containerd/) or the embedded
// runtime (embedded/). Both run inside a node and see the paths of runtime/node_layout.hpp.
namespace cni_matrix {

// CRI PortMapping. Protocol is "tcp", "udp" or "sctp", as portmap's runtimeConfig wants it.
struct PortMapping {
  std::string protocol = "tcp";
  std::int32_t container_port = 0;
  std::int32_t host_port = 0;
  std::string host_ip;
};

// CRI DNSConfig.
struct DnsConfig {
  std::vector<std::string> servers;
  std::vector<std::string> searches;
  std::vector<std::string> options;

  [[nodiscard]] bool empty() const {
    return servers.empty() && searches.empty() && options.empty();
  }
};

// What CRI's PodSandboxConfig says, as far as CNI sees it.
struct PodSpec {
  std::string name = "pod";
  std::string pod_namespace = "default";
  std::string uid;
  std::vector<PortMapping> port_mappings;
  bool host_network = false;
  std::map<std::string, std::string> annotations;
  DnsConfig dns;
  std::string handler;  // CRI runtime_handler; empty: the default one
};

// A call that the runtime refused: the gRPC status name ("Unknown", "DeadlineExceeded") and
// message.
struct RuntimeError {
  std::string code;
  std::string message;
};

template <typename T>
using RuntimeResult = tl::expected<T, RuntimeError>;

// CRI PodSandboxState.
enum class PodState { ready, not_ready };

struct PodSandbox {
  std::string id;  // 64 hexadecimal digits
  std::string name;
  PodState state = PodState::not_ready;
};

struct PodStatus {
  PodState state = PodState::not_ready;
  std::vector<std::string> ips;  // as CRI reports them: primary first
  std::string netns;             // path, from the verbose info; empty when the runtime names none
  int pid = 0;                   // of the pause process, from there too; 0 when it names none
};

// CRI Status, verbose.
struct NetworkStatus {
  bool network_ready = false;
  std::string reason;
  std::string message;
  std::map<std::string, std::string> load_status;  // lastCNILoadStatus, lastCNILoadStatus.default
  Json configuration;                              // info["cniconfig"], null when there is none
};

// The time limits that a runtime keeps to.
struct RuntimeTimeouts {
  std::chrono::milliseconds start{20'000};
  std::chrono::milliseconds call{60'000};
};

// A process that a running pod stands on: the task itself, and what looks after it.
enum class PodProcess { pause, shim };

class PodRuntime {
 public:
  virtual ~PodRuntime() = default;

  // "daemon" or "embedded".
  [[nodiscard]] virtual std::string kind() const = 0;

  // Bring it up on the state that is there, and wait until it answers and has loaded (or refused)
  // the network configuration. Error kind: broken, with the end of the log; unavailable when this
  // machine cannot run it; input when it refuses its settings, in its own words.
  virtual Expected<void> start() = 0;
  // SIGTERM and wait; pods live on. Error kind: broken.
  virtual Expected<void> shut_down() = 0;
  // SIGKILL and wait; what it had on disk is what the next one finds. Error kind: broken.
  virtual Expected<void> kill() = 0;
  // The daemon's process as foreign programs of the node count, 0 when there is none.
  [[nodiscard]] virtual int pid() const = 0;

  // Its last words, where it has ended and nobody asked it to: "containerd has ended: panic: ...".
  // Empty while it runs, where shut_down() or kill() ended it, and where it says nothing.
  [[nodiscard]] virtual std::string last_words() const { return {}; }

  // Whether the very next call sees an edit of the configuration directory.
  [[nodiscard]] virtual bool sees_edits_at_once() const { return false; }

  // The deadline of the run, stop and remove calls from now on, for which the runtime sees it too;
  // nothing: RuntimeTimeouts::call. A call that came to such a deadline returns when the runtime is
  // done with it as well, or RuntimeTimeouts::call later: then its message says so.
  virtual void set_call_limit(std::optional<std::chrono::milliseconds> limit) = 0;

  // SIGKILL to that process, behind the runtime's back; returns when the runtime has noticed that
  // the pod does not run any more. Error kinds: unavailable, when there is no such process; broken,
  // when the runtime does not notice it.
  virtual Expected<void> kill_pod_process(const std::string& id, PodProcess process) = 0;

  // Returns the sandbox id. The one call that several threads may make at once.
  virtual RuntimeResult<std::string> run_pod_sandbox(const PodSpec& pod) = 0;
  virtual RuntimeResult<void> stop_pod_sandbox(const std::string& id) = 0;
  virtual RuntimeResult<void> remove_pod_sandbox(const std::string& id) = 0;
  virtual RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes() = 0;
  virtual RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id) = 0;
  virtual RuntimeResult<NetworkStatus> network_status() = 0;
  // UpdateRuntimeConfig: the pods' networks, as kubelet --pod-cidr gives them ("10.1.0.0/24").
  virtual RuntimeResult<void> update_runtime_config(const std::string& pod_cidr) = 0;
  // Status in one version of CRI, "v1" or "v1alpha2": does the runtime still, or already, speak it?
  virtual RuntimeResult<void> call_api(const std::string& version) = 0;
};

}  // namespace cni_matrix
