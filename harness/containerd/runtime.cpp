#include "cri_client.hpp"
#include "daemon.hpp"

#include <cni_matrix/containerd/containerd_runtime.hpp>

#include <algorithm>
#include <optional>

namespace cni_matrix::containerd {
namespace {

using Clock = std::chrono::steady_clock;

// containerd's CRI service answers "server is not initialized yet" for a few milliseconds after the
// socket opens, and tells nobody when that ends.
constexpr std::chrono::milliseconds k_first_retry{1};
constexpr std::chrono::milliseconds k_last_retry{16};

template <typename T>
RuntimeResult<T> not_running() {
  return tl::unexpected(RuntimeError{"Unavailable", "containerd is not running"});
}

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
    return m_client ? m_client->run_pod_sandbox(pod, (m_options.pod_logs / pod.uid).string())
                    : not_running<std::string>();
  }
  RuntimeResult<void> stop_pod_sandbox(const std::string& id) override {
    return m_client ? m_client->stop_pod_sandbox(id) : not_running<void>();
  }
  RuntimeResult<void> remove_pod_sandbox(const std::string& id) override {
    return m_client ? m_client->remove_pod_sandbox(id) : not_running<void>();
  }
  RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes() override {
    return m_client ? m_client->list_pod_sandboxes() : not_running<std::vector<PodSandbox>>();
  }
  RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id) override {
    return m_client ? m_client->pod_sandbox_status(id) : not_running<PodStatus>();
  }
  RuntimeResult<NetworkStatus> network_status() override {
    return m_client ? m_client->network_status() : not_running<NetworkStatus>();
  }

 private:
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
