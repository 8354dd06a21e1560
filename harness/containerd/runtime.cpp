#include "cri_client.hpp"
#include "daemon.hpp"
#include "daemon_log.hpp"

#include <cni_matrix/containerd/containerd_runtime.hpp>

#include <algorithm>
#include <functional>
#include <optional>

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
    CNI_MATRIX_TRY_ASSIGN(m_daemon, Daemon::start(m_options));
    m_client.emplace(m_options.socket, cri_package(m_options.version), m_options.timeouts.call);
    return wait_until_ready();
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

  [[nodiscard]] int pid() const override { return m_daemon ? m_daemon->pid() : 0; }

  RuntimeResult<std::string> run_pod_sandbox(const PodSpec& pod) override {
    return ask<std::string>([&](CriClient& client) {
      return client.run_pod_sandbox(pod, (m_options.pod_logs / pod.uid).string());
    });
  }
  RuntimeResult<void> stop_pod_sandbox(const std::string& id) override {
    return ask<void>([&](CriClient& client) { return client.stop_pod_sandbox(id); });
  }
  RuntimeResult<void> remove_pod_sandbox(const std::string& id) override {
    return ask<void>([&](CriClient& client) { return client.remove_pod_sandbox(id); });
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
  RuntimeResult<void> call_api(const std::string& version) override {
    return ask<void>([&](CriClient&) -> RuntimeResult<void> {
      CriClient client(m_options.socket, "runtime." + version, m_options.timeouts.call);
      return client.network_status().map([](const NetworkStatus&) {});
    });
  }

 private:
  // Put a call to the daemon; when it has ended by itself and says why, that is the answer.
  template <typename T>
  RuntimeResult<T> ask(const std::function<RuntimeResult<T>(CriClient&)>& call) {
    if (!m_client) {
      return tl::unexpected(RuntimeError{"Unavailable", "containerd is not running"});
    }
    auto answer = call(*m_client);
    const bool lost = !answer && answer.error().code == "Unavailable";
    if (lost && m_daemon->ended_within(k_end)) {
      if (const auto why = end_in(m_daemon->log()); !why.empty()) {
        answer.error().message = "containerd has ended: " + why;
      }
    }
    return answer;
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
};

}  // namespace

std::unique_ptr<PodRuntime> make_containerd_runtime(ContainerdOptions options) {
  return std::make_unique<ContainerdRuntime>(std::move(options));
}

}  // namespace cni_matrix::containerd
