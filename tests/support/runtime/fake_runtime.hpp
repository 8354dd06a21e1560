#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::testing_support {

// A runtime that touches nothing: it keeps pods in memory, answers as it is told, and remembers
// what it was asked.
class FakeRuntime : public PodRuntime {
 public:
  using Limit = std::optional<std::chrono::milliseconds>;

  // What is shared by all runtimes of one scenario, and looked at by the test afterwards.
  struct Memory {
    std::vector<std::string> calls;              // "run a", "stop 1", "start"
    std::map<std::string, PodSpec> spec_of;      // what a pod was run with, by its name
    std::map<std::string, Limit> limit_of;       // the limit under which a pod was run, by its name
    std::map<std::string, std::string> refused;  // the error of a call, by how it stands in `calls`
    std::map<std::string, PodSandbox> pods;
    std::function<RuntimeResult<NetworkStatus>()> status;  // none: the network is ready
    std::string last_words;                                // it has ended by itself
  };

  explicit FakeRuntime(std::shared_ptr<Memory> memory) : m_memory(std::move(memory)) {}

  [[nodiscard]] std::string kind() const override { return "fake"; }
  Expected<void> start() override {
    m_memory->calls.emplace_back("start");
    if (!m_memory->last_words.empty()) {
      return broken("it ended at its start");
    }
    return {};
  }
  Expected<void> shut_down() override {
    m_memory->calls.emplace_back("shut down");
    return {};
  }
  Expected<void> kill() override {
    m_memory->calls.emplace_back("kill");
    return {};
  }
  [[nodiscard]] int pid() const override { return 0; }
  [[nodiscard]] std::string last_words() const override { return m_memory->last_words; }
  void set_call_limit(Limit limit) override { m_limit = limit; }
  Expected<void> kill_pod_process(const std::string& id, PodProcess /*process*/) override {
    m_memory->calls.push_back("kill process of " + id);
    m_memory->pods[id].state = PodState::not_ready;
    return {};
  }

  RuntimeResult<std::string> run_pod_sandbox(const PodSpec& pod) override {
    const std::lock_guard lock(m_mutex);
    m_memory->spec_of[pod.name] = pod;
    m_memory->limit_of[pod.name] = m_limit;
    if (auto refusal = ask("run " + pod.name); !refusal) {
      return tl::unexpected(refusal.error());
    }
    const auto id = fmt::format("{:064}", m_memory->pods.size() + 1);
    m_memory->pods[id] = {id, pod.name, PodState::ready};
    return id;
  }
  RuntimeResult<void> stop_pod_sandbox(const std::string& id) override {
    auto answer = ask("stop " + name_of(id));
    if (answer) {
      m_memory->pods[id].state = PodState::not_ready;
    }
    return answer;
  }
  RuntimeResult<void> remove_pod_sandbox(const std::string& id) override {
    auto answer = ask("remove " + name_of(id));
    if (answer) {
      m_memory->pods.erase(id);
    }
    return answer;
  }
  RuntimeResult<std::vector<PodSandbox>> list_pod_sandboxes() override {
    std::vector<PodSandbox> pods;
    for (const auto& [id, pod] : m_memory->pods) {
      pods.push_back(pod);
    }
    return pods;
  }
  RuntimeResult<PodStatus> pod_sandbox_status(const std::string& id) override {
    const auto pod = m_memory->pods.find(id);
    if (pod == m_memory->pods.end()) {
      return tl::unexpected(RuntimeError{"NotFound", "no such pod"});
    }
    PodStatus status;
    status.state = pod->second.state;
    return status;
  }
  RuntimeResult<NetworkStatus> network_status() override {
    if (m_memory->status) {
      return m_memory->status();
    }
    NetworkStatus status;
    status.network_ready = true;
    return status;
  }
  RuntimeResult<void> update_runtime_config(const std::string& pod_cidr) override {
    return ask("update " + pod_cidr);
  }
  RuntimeResult<void> call_api(const std::string& version) override {
    return ask("call api " + version);
  }

 private:
  std::string name_of(const std::string& id) const {
    const auto pod = m_memory->pods.find(id);
    return pod == m_memory->pods.end() ? id : pod->second.name;
  }

  RuntimeResult<void> ask(const std::string& call) {
    m_memory->calls.push_back(call);
    if (const auto refused = m_memory->refused.find(call); refused != m_memory->refused.end()) {
      return tl::unexpected(RuntimeError{"Unknown", refused->second});
    }
    return {};
  }

  std::shared_ptr<Memory> m_memory;
  std::mutex m_mutex;
  Limit m_limit;
};

}  // namespace cni_matrix::testing_support
