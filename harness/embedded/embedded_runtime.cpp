#include "embedded_runtime.hpp"

#include "configuration_watch.hpp"
#include "effective_settings.hpp"
#include "pod_netns.hpp"
#include "pod_store.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "cni/attachment_options.hpp"
#include "cni/profile.hpp"
#include "cni/random_id.hpp"
#include "cni/result.hpp"
#include "go/net.hpp"
#include "runtime/release_facts.hpp"

#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace cni_matrix::embedded {
namespace {

using Clock = std::chrono::steady_clock;

// A Go error without a gRPC status of its own.
tl::unexpected<RuntimeError> unknown(std::string message) {
  return tl::unexpected(RuntimeError{"Unknown", std::move(message)});
}

// A call that came to its deadline: the caller sees that, whatever the runtime would have said.
tl::unexpected<RuntimeError> past(Clock::time_point deadline, std::string message) {
  if (Clock::now() >= deadline) {
    return tl::unexpected(RuntimeError{"DeadlineExceeded", "Deadline Exceeded"});
  }
  return unknown(std::move(message));
}

// A pod in memory: its metadata and what CRI calls its state. A state that containerd does not know
// (StateUnknown) is `not_ready` to the outside and still to be stopped.
struct Pod {
  PodRecord record;
  enum class State { ready, not_ready, unknown } state = State::unknown;

  [[nodiscard]] PodState cri_state() const {
    return state == State::ready ? PodState::ready : PodState::not_ready;
  }
};

// selectPodIPs: the first address of the family that is preferred, then the others as they came;
// without one, or where "cni" is preferred, as they came. What is no preference is taken for
// "ipv4".
std::vector<std::string> select_pod_ips(const std::vector<cni::IpConfig>& configs,
                                        const std::string& preference, bool tells_ipv6_apart) {
  const auto is_preferred = [&](const cni::IpConfig& config) {
    const bool is_ipv6 = config.ip.find(':') != std::string::npos;
    return preference == "ipv6" ? is_ipv6 || !tells_ipv6_apart : preference != "cni" && !is_ipv6;
  };
  std::vector<std::string> ips;
  bool has_preferred = false;
  for (const cni::IpConfig& config : configs) {
    const bool is_first = !has_preferred && is_preferred(config);
    ips.insert(is_first ? ips.begin() : ips.end(), config.ip);
    has_preferred = has_preferred || is_first;
  }
  return ips;
}

constexpr const char* k_default_network = "default";

// One network of CRI: the default one, or that of a runtime handler.
struct Network {
  cni::GoCni go_cni;
  std::optional<ConfigurationWatch> watch;
  std::optional<std::string> load_error;
};

class EmbeddedRuntime : public PodRuntime {
 public:
  EmbeddedRuntime(cni::Profile profile, EmbeddedOptions options)
      : m_profile(std::move(profile)),
        m_options(std::move(options)),
        m_cri(release_facts(m_profile.containerd)),
        m_store(m_options.state, m_options.tasks) {}

  [[nodiscard]] std::string kind() const override { return "embedded"; }

  Expected<void> start() override {
    std::vector<std::string> usual;
    for (const auto& directory : m_options.cni.plugin_dirs) {
      usual.push_back(directory.string());
    }
    const auto settings = effective_settings(m_profile.containerd, m_options.settings, usual);
    if (!settings) {
      return input_error("{}", settings.error());
    }
    m_networks.clear();
    m_end.clear();
    m_internal_loopback = settings->internal_loopback;
    m_ip_pref = settings->ip_pref;
    auto cni = m_options.cni;
    cni.plugin_dirs.assign(settings->bin_dirs.begin(), settings->bin_dirs.end());
    cni.max_conf_num = settings->max_conf_num.value_or(cni.max_conf_num);
    cni.serially = cni.serially || settings->setup_serially;
    if (m_internal_loopback) {
      cni.loopback = false;
      --cni.min_networks;
    }
    TRY(open_network(k_default_network, cni));
    for (const auto& [name, handler] : settings->handlers) {
      if (handler.conf_dir.empty()) {
        continue;
      }
      auto own = cni;
      own.conf_dir = handler.conf_dir;
      own.max_conf_num = handler.max_conf_num != 0 ? handler.max_conf_num : cni.max_conf_num;
      TRY(open_network(name, own));
    }
    if (!m_end.empty()) {
      return broken("{}", m_end);
    }

    TRY_ASSIGN(const auto records, m_store.load());
    m_pods.clear();
    for (const auto& [id, record] : records) {
      // loadSandbox: READY while the task runs, else NOTREADY. A task whose shim cannot be reached
      // is killed in the course of loading.
      Pod pod{record, record.running ? Pod::State::ready : Pod::State::not_ready};
      if (record.running && record.shim > m_cri.shim) {
        pod.state = Pod::State::not_ready;
        pod.record.running = false;
        TRY(m_store.save_end(id));
      }
      m_pods[id] = std::move(pod);
    }
    // A daemon's start is over when it has answered Status, and plugins may see a STATUS for that.
    (void)network_status();
    return {};
  }

  Expected<void> shut_down() override {
    m_networks.clear();
    m_pods.clear();
    m_end.clear();
    return {};
  }

  // Every change is on disk before a call returns, so there is nothing more to lose.
  Expected<void> kill() override { return shut_down(); }
  [[nodiscard]] int pid() const override { return 0; }
  [[nodiscard]] std::string last_words() const override { return m_end; }
  [[nodiscard]] bool sees_edits_at_once() const override { return true; }

  void set_call_limit(std::optional<std::chrono::milliseconds> limit) override {
    m_call_limit = limit;
  }

  // Of both the daemon sees the same in the end: the task has exited.
  Expected<void> kill_pod_process(const std::string& id, PodProcess /*process*/) override {
    const auto found = m_pods.find(id);
    if (found == m_pods.end() || found->second.state != Pod::State::ready) {
      return unavailable("the pod has no process");
    }
    found->second.state = Pod::State::not_ready;
    found->second.record.running = false;
    return m_store.save_end(id);
  }

  // The plugins' calls are all that takes time; they are made without the lock.
  RuntimeResult<std::string> run_pod_sandbox(const PodSpec& spec) override {
    std::unique_lock lock(m_mutex);
    TRY(answer());
    const auto deadline = call_deadline();
    Pod pod;
    pod.record.id = cni::random_hex(32);
    pod.record.spec = spec;
    const std::string& id = pod.record.id;
    const std::string name = pod.record.full_name();
    for (const auto& [other, held] : m_pods) {
      if (held.record.full_name() == name) {
        return unknown(
            fmt::format(R"(failed to reserve sandbox name "{0}": name "{0}" is reserved for "{1}")",
                        name, other));
      }
    }
    if (m_cri.record_before_network) {
      TRY(save(pod.record));
    }
    if (!spec.host_network) {
      auto netns = create_netns(m_options.netns);
      if (!netns) {
        TRY(erase(id));
        return unknown(fmt::format(R"(failed to create network namespace for sandbox "{}": {})", id,
                                   netns.error().message));
      }
      pod.record.netns = *netns;
      if (m_cri.record_before_network) {
        TRY(save(pod.record));
      }
      lock.unlock();
      auto set_up = set_up_network(pod.record, deadline);
      if (!set_up) {
        const std::string message = fmt::format(R"(failed to setup network for sandbox "{}": {})",
                                                id, set_up.error().message);
        log("RunPodSandbox failed: " + message);
        TRY(roll_back(std::move(pod), deadline));
        return past(deadline, message);
      }
      lock.lock();
    }
    pod.record.running = true;
    pod.record.shim = m_cri.shim;
    pod.state = Pod::State::ready;
    PodRecord stored = pod.record;
    if (!m_cri.stores_result) {
      stored.ips.clear();
      stored.has_result = false;
    }
    TRY(save(stored));
    const std::string result = id;
    m_pods[result] = std::move(pod);
    return result;
  }

  RuntimeResult<void> stop_pod_sandbox(const std::string& id) override {
    TRY(answer());
    const auto found = m_pods.find(id);
    if (found == m_pods.end()) {
      if (m_cri.stop_of_unknown_is_ok) {
        return {};
      }
      return not_found(fmt::format(R"(an error occurred when try to find sandbox "{}")", id));
    }
    return stop(found->second);
  }

  RuntimeResult<void> remove_pod_sandbox(const std::string& id) override {
    TRY(answer());
    const auto found = m_pods.find(id);
    if (found == m_pods.end()) {
      return {};
    }
    Pod& pod = found->second;
    const bool is_stopped = pod.state == Pod::State::not_ready;
    if (m_cri.removal == ReleaseFacts::Removal::refuse && !is_stopped) {
      return unknown(fmt::format(R"(sandbox container "{}" is not fully stopped)", id));
    }
    if (m_cri.removal == ReleaseFacts::Removal::stop_always ||
        (m_cri.removal == ReleaseFacts::Removal::stop_running && !is_stopped)) {
      if (auto stopped = stop(pod); !stopped) {
        RuntimeError error = stopped.error();
        if (error.code != "DeadlineExceeded") {
          error.message =
              fmt::format(R"(failed to forcibly stop sandbox "{}": {})", id, error.message);
        }
        return tl::unexpected(std::move(error));
      }
    }
    if (!pod.record.spec.host_network) {
      const auto closed = netns_closed(pod.record.netns);
      if (!closed) {
        return unknown(fmt::format(R"(failed to check sandbox network namespace "{}" closed: {})",
                                   pod.record.netns, closed.error().message));
      }
      if (!*closed) {
        return unknown(
            fmt::format(R"(sandbox network namespace "{}" is not fully closed)", pod.record.netns));
      }
    }
    m_pods.erase(found);
    return erase(id);
  }

  RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes() override {
    TRY(answer());
    std::vector<PodSandbox> list;
    for (const auto& [id, pod] : m_pods) {
      list.push_back({id, pod.record.spec.name, pod.cri_state()});
    }
    return list;
  }

  RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id) override {
    TRY(answer());
    const auto found = m_pods.find(id);
    if (found == m_pods.end()) {
      return not_found("an error occurred when try to find sandbox");
    }
    const Pod& pod = found->second;
    PodStatus status;
    status.state = pod.cri_state();
    status.netns = pod.record.netns;
    if (pod.record.spec.host_network) {
      return status;
    }
    const auto closed = netns_closed(pod.record.netns);
    if (!closed) {
      return unknown("failed to get sandbox ip: check network namespace closed: " +
                     closed.error().message);
    }
    if (!*closed) {
      status.ips = pod.record.ips;
    }
    return status;
  }

  RuntimeResult<NetworkStatus> network_status() override {
    TRY(answer());
    if (!m_cri.watches_configuration) {
      load_configuration(network_of(""));
      TRY(answer());
    }
    NetworkStatus status;
    status.network_ready = true;
    auto& network = network_of("");
    if (const auto ready = network.go_cni.status(); !ready) {
      status.network_ready = false;
      status.reason = "NetworkPluginNotReady";
      status.message = "Network plugin returns error: " + ready.error().message;
    }
    if (m_cri.watches_configuration) {
      status.load_status["lastCNILoadStatus"] = network.load_error.value_or("OK");
      if (m_cri.names_load_status) {
        for (const auto& [name, each] : m_networks) {
          status.load_status["lastCNILoadStatus." + name] = each.load_error.value_or("OK");
        }
      }
    }
    status.configuration = Json::parse(network.go_cni.config().dump());
    log_plugins(network);
    return status;
  }

  // Without conf_template it does no more than this, and a template of Go is not for this runtime.
  RuntimeResult<void> update_runtime_config(const std::string& pod_cidr) override {
    TRY(answer());
    for (const auto& part : split(pod_cidr, ',')) {
      const std::string cidr(trim(part));
      if (!pod_cidr.empty() && !go::IpNet::parse(cidr)) {
        return unknown("get routes: invalid CIDR address: " + cidr);
      }
    }
    return {};
  }

  RuntimeResult<void> call_api(const std::string& version) override {
    TRY(answer());
    if (version == "v1" ? m_cri.speaks_v1 : m_cri.speaks_v1alpha2) {
      return {};
    }
    return tl::unexpected(RuntimeError{
        "Unimplemented", fmt::format("unknown service runtime.{}.RuntimeService", version)});
  }

 private:
  // What comes before every call: the daemon must be there, and have seen what its watcher saw.
  RuntimeResult<void> answer() {
    if (m_networks.empty()) {
      return tl::unexpected(RuntimeError{"Unavailable", "containerd is not running"});
    }
    if (!m_end.empty()) {
      return tl::unexpected(RuntimeError{"Unavailable", m_end});
    }
    for (auto& [name, network] : m_networks) {
      const auto seen = network.watch ? network.watch->take() : ConfigurationWatch::Seen();
      if (seen.directory_removed && m_cri.ends_without_directory) {
        m_end =
            "containerd has ended: cni network conf monitor error: cni conf dir is removed, "
            "stop watching";
        log(m_end);
        return tl::unexpected(RuntimeError{"Unavailable", m_end});
      }
      if (seen.change) {
        load_configuration(network);
      }
    }
    if (!m_end.empty()) {
      return tl::unexpected(RuntimeError{"Unavailable", m_end});
    }
    return {};
  }

  Expected<void> open_network(const std::string& name, const cni::GoCniSettings& settings) {
    std::error_code error;
    std::filesystem::create_directories(settings.conf_dir, error);
    if (error) {
      return broken("cannot create {}: {}", settings.conf_dir.string(), error.message());
    }
    std::optional<ConfigurationWatch> watch;
    if (m_cri.watches_configuration) {
      // Before the first load, so that no edit falls between the two.
      TRY_ASSIGN(watch, ConfigurationWatch::open(settings.conf_dir));
    }
    const auto made = m_networks.emplace(
        name, Network{cni::GoCni(m_profile, settings), std::move(watch), std::nullopt});
    load_configuration(made.first->second);
    return {};
  }

  // getNetworkPlugin: that of the handler, else the default one.
  Network& network_of(const std::string& handler) {
    const auto own = m_networks.find(handler);
    return own == m_networks.end() ? m_networks.at(k_default_network) : own->second;
  }

  void load_configuration(Network& network) {
    network.load_error.reset();
    if (auto loaded = network.go_cni.load(); !loaded) {
      network.load_error = loaded.error().message;
      // libcni dies over it, and with it all of containerd.
      if (network.load_error->find(cni::k_nil_panic) != std::string::npos) {
        m_end = fmt::format("containerd has ended: {}", cni::k_nil_panic);
        log(m_end);
      }
      log("failed to load cni configuration: " + *network.load_error);
    }
    log_plugins(network);
  }

  [[nodiscard]] cni::GoResult<cni::AttachmentOptions> attachment(const PodRecord& record,
                                                                 cni::Direction direction,
                                                                 Clock::time_point deadline) const {
    auto options = cni::attachment_options(m_cri, record.id, record.spec, direction);
    if (!options) {
      return tl::unexpected(cni::GoError{options.error(), false});
    }
    options->deadline = deadline;
    return *std::move(options);
  }

  // setupPodNetwork: fills in the IPs and the result.
  cni::GoResult<void> set_up_network(PodRecord& record, Clock::time_point deadline) {
    if (m_internal_loopback) {
      if (const auto up = bring_up_loopback(record.netns); !up) {
        return tl::unexpected(cni::GoError{"unable to set lo to up: " + up.error().message, false});
      }
    }
    auto& network = network_of(record.spec.handler);
    const auto options = attachment(record, cni::Direction::setup, deadline);
    if (!options) {
      return tl::unexpected(options.error());
    }
    auto result = network.go_cni.setup(record.id, record.netns, *options);
    log_plugins(network);
    if (!result) {
      return tl::unexpected(std::move(result).error());
    }
    const auto eth0 = result->interfaces.find("eth0");
    if (eth0 != result->interfaces.end() && !eth0->second.ips.empty()) {
      record.ips = select_pod_ips(eth0->second.ips, m_ip_pref, m_cri.tells_ipv6_apart);
      record.has_result = true;
      return {};
    }
    if (!m_cri.tears_down_failed_setup) {
      tear_down_and_log(record, deadline);  // 1.3 does it here, and only here
    }
    return tl::unexpected(cni::GoError{
        fmt::format(R"(failed to find network info for sandbox "{}")", record.id), false});
  }

  // teardownPodNetwork.
  cni::GoResult<void> tear_down_network(const PodRecord& record, const std::string& netns,
                                        Clock::time_point deadline) {
    auto& network = network_of(record.spec.handler);
    const auto options = attachment(record, cni::Direction::teardown, deadline);
    if (!options) {
      return tl::unexpected(options.error());
    }
    auto result = network.go_cni.remove(record.id, netns, *options);
    log_plugins(network);
    return result;
  }

  // False when it failed.
  bool tear_down_and_log(const PodRecord& record, Clock::time_point deadline) {
    const auto result = tear_down_network(record, record.netns, deadline);
    if (!result) {
      log(fmt::format(R"(Failed to destroy network for sandbox "{}": {})", record.id,
                      result.error().message));
    }
    return result.has_value();
  }

  // The deferred functions of RunPodSandbox after its network could not be set up.
  RuntimeResult<void> roll_back(Pod pod, Clock::time_point deadline) {
    bool is_clean = true;
    if (m_cri.tears_down_failed_setup) {
      // containerd gives it a minute; nobody waits longer for us than for any call.
      const auto until = m_cri.teardown_outlives_call
                             ? Clock::now() + std::min<std::chrono::milliseconds>(
                                                  std::chrono::minutes(1), m_options.timeouts.call)
                             : deadline;
      is_clean = tear_down_and_log(pod.record, until) || m_cri.ignores_failed_teardown ||
                 !m_cri.record_before_network;
    }
    if (is_clean) {
      if (const auto removed = remove_netns(pod.record.netns); !removed) {
        log(fmt::format("Failed to remove network namespace {} for sandbox \"{}\": {}",
                        pod.record.netns, pod.record.id, removed.error().message));
        is_clean = !m_cri.record_before_network;
      }
    }
    const std::lock_guard lock(m_mutex);
    if (is_clean) {
      return erase(pod.record.id);
    }
    const std::string id = pod.record.id;
    pod.state = Pod::State::unknown;
    m_pods[id] = std::move(pod);
    return {};
  }

  // stopPodSandbox. The pod's task is killed first, so the pod is NotReady even when the rest
  // fails.
  RuntimeResult<void> stop(Pod& pod) {
    const auto deadline = call_deadline();
    const PodRecord& record = pod.record;
    if (pod.state != Pod::State::not_ready) {
      pod.state = Pod::State::not_ready;
      pod.record.running = false;
      TRY(of_store(m_store.save_end(record.id)));
    }
    if (record.spec.host_network) {
      return {};
    }
    const auto closed = netns_closed(record.netns);
    if (!closed) {
      return unknown("failed to check network namespace closed: " + closed.error().message);
    }
    // SPEC, section 2, DEL: CNI_NETNS may be empty when the namespace is gone.
    const std::string netns = *closed ? "" : record.netns;
    using WithoutResult = ReleaseFacts::WithoutResult;
    if (record.has_result || m_cri.stop_without_result != WithoutResult::skip) {
      if (const auto result = tear_down_network(record, netns, deadline); !result) {
        const std::string message = fmt::format(R"(failed to destroy network for sandbox "{}": {})",
                                                record.id, result.error().message);
        log(message);
        if (record.has_result || m_cri.stop_without_result != WithoutResult::tolerate) {
          return past(deadline, message);
        }
      }
    }
    if (const auto removed = remove_netns(record.netns); !removed) {
      return unknown(fmt::format(R"(failed to remove network namespace for sandbox "{}": {})",
                                 record.id, removed.error().message));
    }
    return {};
  }

  [[nodiscard]] Clock::time_point call_deadline() const {
    return Clock::now() + m_call_limit.value_or(m_options.timeouts.call);
  }

  static tl::unexpected<RuntimeError> not_found(const std::string& what) {
    return tl::unexpected(RuntimeError{"NotFound", what + ": not found"});
  }

  RuntimeResult<void> save(const PodRecord& record) { return of_store(m_store.save(record)); }
  RuntimeResult<void> erase(const std::string& id) { return of_store(m_store.erase(id)); }

  static RuntimeResult<void> of_store(Expected<void> result) {
    if (!result) {
      return tl::unexpected(RuntimeError{"Internal", std::move(result).error().message});
    }
    return {};
  }

  void log(std::string_view text) const {
    if (m_options.log.empty()) {
      return;
    }
    if (std::FILE* file = std::fopen(m_options.log.c_str(), "ae"); file != nullptr) {
      std::fwrite(text.data(), 1, text.size(), file);
      std::fputc('\n', file);
      std::fclose(file);
    }
  }

  void log_plugins(Network& network) {
    if (const std::string text = network.go_cni.take_plugin_stderr(); !text.empty()) {
      log(text);
    }
  }

  cni::Profile m_profile;
  EmbeddedOptions m_options;
  ReleaseFacts m_cri;
  PodStore m_store;
  bool m_internal_loopback = false;
  std::string m_ip_pref;
  std::map<std::string, Network> m_networks;  // by handler; empty while not started
  std::mutex m_mutex;                         // of what follows, of m_store and of load_error
  std::map<std::string, Pod> m_pods;
  std::optional<std::chrono::milliseconds> m_call_limit;
  std::string m_end;  // why the daemon is gone
};

}  // namespace

Expected<std::unique_ptr<PodRuntime>> make_embedded_runtime(const Version& containerd,
                                                            EmbeddedOptions options) {
  auto profile = options.profile;
  if (!profile) {
    TRY_ASSIGN(profile, cni::profile_for(containerd));
  }
  return std::make_unique<EmbeddedRuntime>(*std::move(profile), std::move(options));
}

}  // namespace cni_matrix::embedded
