#include "runtime.hpp"

#include "call_end.hpp"
#include "cri_client.hpp"
#include "daemon.hpp"
#include "daemon_log.hpp"
#include "pod_process.hpp"

#include "base/apart.hpp"
#include "base/file.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

namespace cni_matrix::containerd {
namespace {

using Clock = std::chrono::steady_clock;

// containerd's CRI service answers "server is not initialized yet" for a few milliseconds after the
// socket opens, and tells nobody when that ends.
constexpr std::chrono::milliseconds k_first_retry{1};
constexpr std::chrono::milliseconds k_last_retry{16};

// From the loss of the connection to the end of the process.
constexpr std::chrono::seconds k_end{2};

class ContainerdRuntime : public PodRuntime {
 public:
  explicit ContainerdRuntime(ContainerdOptions options) : m_options(std::move(options)) {}

  [[nodiscard]] std::string kind() const override { return "daemon"; }

  Expected<void> start() override {
    m_client.reset();
    m_daemon.reset();
    m_last_words.clear();
    std::error_code no_log_yet;
    const auto log_size = std::filesystem::file_size(m_options.log, no_log_yet);
    auto started = bring_up();
    if (!started) {
      note_panic(no_log_yet ? 0 : log_size);
    }
    return started;
  }

  [[nodiscard]] std::string last_words() const override {
    if (m_daemon && m_daemon->ended_within(std::chrono::milliseconds(0))) {
      return words_of(end_in(m_daemon->log()));
    }
    return m_last_words;
  }

  Expected<void> shut_down() override {
    m_client.reset();
    if (!m_daemon) {
      return {};
    }
    auto result = m_daemon->stop();
    m_daemon.reset();
    return result;
  }

  Expected<void> kill() override {
    m_client.reset();
    if (!m_daemon) {
      return {};
    }
    auto result = m_daemon->kill();
    m_daemon.reset();
    return result;
  }

  [[nodiscard]] int pid() const override {
    return m_daemon ? pid_as_seen_apart(m_daemon->pid()).value_or(0) : 0;
  }

  void set_call_limit(std::optional<std::chrono::milliseconds> limit) override {
    m_call_limit = limit;
  }

  Expected<void> kill_pod_process(const std::string& id, PodProcess process) override {
    const auto status = pod_sandbox_status(id);
    if (!status) {
      return broken("containerd does not say which process the pod has: {}",
                    status.error().message);
    }
    if (status->pid == 0) {
      return unavailable("the pod has no process");
    }
    TRY_ASSIGN(int pid, pid_seen_apart_as(status->pid));
    if (process == PodProcess::shim) {
      TRY_ASSIGN(pid, parent_of(pid));
    }
    TRY(kill_process(pid));
    TRY(wait_until_not_ready(id));
    return process == PodProcess::shim ? wait_until_shim_forgotten(id) : Expected<void>{};
  }

  RuntimeResult<std::string> run_pod_sandbox(const PodSpec& pod) override {
    return limited<std::string>("RunPodSandbox", [&](CriClient& client) {
      return client.run_pod_sandbox(pod, (m_options.pod_logs / pod.uid).string());
    });
  }
  RuntimeResult<void> stop_pod_sandbox(const std::string& id) override {
    return limited<void>("StopPodSandbox",
                         [&](CriClient& client) { return client.stop_pod_sandbox(id); });
  }
  RuntimeResult<void> remove_pod_sandbox(const std::string& id) override {
    return limited<void>("RemovePodSandbox",
                         [&](CriClient& client) { return client.remove_pod_sandbox(id); });
  }
  RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes() override {
    return ask<std::vector<PodSandbox>>(
        [](CriClient& client) { return client.list_pod_sandboxes(); });
  }
  RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id) override {
    return ask<PodStatus>([&](CriClient& client) { return client.pod_sandbox_status(id); });
  }
  RuntimeResult<NetworkStatus> network_status() override {
    return ask<NetworkStatus>([](CriClient& client) { return client.network_status(); });
  }
  RuntimeResult<void> update_runtime_config(const std::string& pod_cidr) override {
    return ask<void>([&](CriClient& client) { return client.update_runtime_config(pod_cidr); });
  }
  RuntimeResult<void> call_api(const std::string& version) override {
    return ask<void>([&](CriClient&) -> RuntimeResult<void> {
      CriClient client(m_options.socket, "runtime." + version, m_options.timeouts.call);
      return client.network_status().map([](const NetworkStatus&) {});
    });
  }

 private:
  Expected<void> bring_up() {
    TRY_ASSIGN(m_daemon, Daemon::start(m_options));
    m_client.emplace(m_options.socket, cri_package(m_options.version), m_options.timeouts.call);
    return wait_until_ready();
  }

  // A start that fails may be the machine's doing; one that ends in a panic is containerd's.
  void note_panic(std::size_t log_start) {
    const auto log = read_file(m_options.log);
    const auto end = log && log->size() > log_start
                         ? end_in(std::string_view(*log).substr(log_start))
                         : std::string();
    if (is_panic(end)) {
      m_last_words = words_of(end);
    }
  }

  static std::string words_of(const std::string& end) {
    return end.empty() ? end : "containerd has ended: " + end;
  }

  // Put a call to the daemon; when it has ended by itself and says why, that is the answer.
  template <typename T>
  RuntimeResult<T> ask(const std::function<RuntimeResult<T>(CriClient&)>& call) {
    if (!m_client) {
      return tl::unexpected(RuntimeError{"Unavailable", "containerd is not running"});
    }
    auto answer = call(*m_client);
    const bool lost = !answer && answer.error().code == "Unavailable";
    if (lost && m_daemon->ended_within(k_end)) {
      if (auto why = last_words(); !why.empty()) {
        answer.error().message = std::move(why);
      }
    }
    return answer;
  }

  // The same for a call that set_call_limit() is about.
  template <typename T>
  RuntimeResult<T> limited(const char* method,
                           const std::function<RuntimeResult<T>(CriClient&)>& call) {
    if (!m_call_limit || !m_client) {
      return ask<T>(call);
    }
    const CallEnd end(m_options.log);
    m_client->set_call_timeout(m_call_limit);
    auto answer = ask<T>(call);
    m_client->set_call_timeout(std::nullopt);
    if (!answer && answer.error().code == "DeadlineExceeded" &&
        !end.wait(method, m_options.timeouts.call)) {
      answer.error().message += fmt::format("; containerd had not ended {} {} ms later", method,
                                            m_options.timeouts.call.count());
    }
    return answer;
  }

  // The shim's or the task's end comes to containerd as an event, and CRI tells of none.
  Expected<void> wait_until_not_ready(const std::string& id) {
    const auto deadline = Clock::now() + m_options.timeouts.call;
    for (auto retry = k_first_retry;; retry = std::min(2 * retry, k_last_retry)) {
      const auto pods = list_pod_sandboxes();
      if (!pods) {
        return broken("containerd does not list its pods: {}", pods.error().message);
      }
      const bool ready = std::any_of(pods->begin(), pods->end(), [&](const PodSandbox& pod) {
        return pod.id == id && pod.state == PodState::ready;
      });
      if (!ready) {
        return {};
      }
      if (Clock::now() >= deadline) {
        return broken("containerd did not notice within {} ms that the pod does not run any more",
                      m_options.timeouts.call.count());
      }
      std::this_thread::sleep_for(retry);
    }
  }

  // containerd cleans up after a dead shim beside what CRI does: as long as that goes on, removing
  // the pod may fail (2.1.9: "ttrpc: closed"). The last thing to go on the disk is the bundle.
  Expected<void> wait_until_shim_forgotten(const std::string& id) {
    const auto bundle = m_options.state / "io.containerd.runtime.v2.task" / "k8s.io" / id;
    const auto deadline = Clock::now() + m_options.timeouts.call;
    std::error_code error;
    while (std::filesystem::exists(bundle, error)) {
      if (Clock::now() >= deadline) {
        return broken("containerd did not clean up after the dead shim within {} ms",
                      m_options.timeouts.call.count());
      }
      std::this_thread::sleep_for(k_last_retry);
    }
    return {};
  }

  // The first answer to Status comes after the network configuration was loaded or refused: that is
  // part of the CRI plugin's initialisation in every version.
  Expected<void> wait_until_ready() {
    const auto deadline = Clock::now() + m_options.timeouts.start;
    for (auto retry = k_first_retry;; retry = std::min(2 * retry, k_last_retry)) {
      const auto status = m_client->network_status();
      if (status) {
        return {};
      }
      const bool over = Clock::now() >= deadline;
      if (over || m_daemon->ended_within(retry)) {
        const Error error =
            m_daemon->error(fmt::format("containerd {} {}: {}: {}", m_options.version.str(),
                                        over ? "did not become ready" : "ended before it was ready",
                                        status.error().code, status.error().message));
        m_client.reset();
        m_daemon.reset();
        return tl::unexpected(error);
      }
      // The CRI service is not there at all: it failed to load, and the log says why.
      if (status.error().code == "Unimplemented") {
        const Error error =
            m_daemon->error(fmt::format("containerd {} has no CRI service {}",
                                        m_options.version.str(), cri_package(m_options.version)));
        m_client.reset();
        m_daemon.reset();
        return tl::unexpected(error);
      }
    }
  }

  ContainerdOptions m_options;
  std::optional<Daemon> m_daemon;
  std::optional<CriClient> m_client;
  std::optional<std::chrono::milliseconds> m_call_limit;
  std::string m_last_words;  // of a daemon that did not come up
};

}  // namespace

std::unique_ptr<PodRuntime> make_containerd_runtime(ContainerdOptions options) {
  return std::make_unique<ContainerdRuntime>(std::move(options));
}

}  // namespace cni_matrix::containerd
