#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::containerd {

// The CRI RuntimeService behind a Unix socket. Every call blocks until its answer, or until its
// time limit ends it with the code "DeadlineExceeded".
class CriClient {
 public:
  // `package` is "runtime.v1" or "runtime.v1alpha2". Connects with the first call.
  CriClient(const std::filesystem::path& socket, std::string package,
            std::chrono::milliseconds call_timeout);
  CriClient(const CriClient&) = delete;
  CriClient& operator=(const CriClient&) = delete;
  CriClient(CriClient&&) noexcept;
  CriClient& operator=(CriClient&&) noexcept;
  ~CriClient();

  // The time limit of the calls from now on; without a value the one that the client was made with.
  void set_call_timeout(std::optional<std::chrono::milliseconds> timeout);

  RuntimeResult<std::string> run_pod_sandbox(const PodSpec& pod, const std::string& log_directory);
  RuntimeResult<void> stop_pod_sandbox(const std::string& id);
  RuntimeResult<void> remove_pod_sandbox(const std::string& id);
  RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes();
  RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id);
  RuntimeResult<NetworkStatus> network_status();
  RuntimeResult<void> update_runtime_config(const std::string& pod_cidr);

 private:
  class Connection;
  std::unique_ptr<Connection> m_connection;
};

}  // namespace cni_matrix::containerd
