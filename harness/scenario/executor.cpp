#include "configuration_wait.hpp"
#include "data_plane.hpp"

#include <cni_matrix/base/process.hpp>
#include <cni_matrix/node/layout.hpp>
#include <cni_matrix/scenario/executor.hpp>
#include <cni_matrix/scenario/plugin_directory.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

#include <sys/mount.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace {

using Clock = std::chrono::steady_clock;
using matrix::Step;
using matrix::StepKind;
using namespace std::chrono_literals;

Expected<void> make_mark_chain() {
  for (const auto* program : {"iptables", "ip6tables"}) {
    if (find_program(program).empty()) {
      return unavailable("{} is missing; install the package iptables", program);
    }
    CNI_MATRIX_TRY_ASSIGN(const auto made,
                          run_command({program, "-w", "-t", "nat", "-N", "KUBE-MARK-MASQ"}));
    if (!made.ok()) {
      return broken("cannot make the chain KUBE-MARK-MASQ: {}", made.err);
    }
  }
  return {};
}

class Executor {
 public:
  explicit Executor(const Setup& setup)
      : m_setup(setup), m_conflist(setup.conflist), m_plugins(setup.record) {}

  Expected<Outcome> execute() {
    CNI_MATRIX_TRY(m_plugins.use(m_setup.plugins.at("").folder));
    CNI_MATRIX_TRY(m_conflist.write());
    if (m_setup.mark_chain) {
      CNI_MATRIX_TRY(make_mark_chain());
    }
    tell("start the runtime");
    CNI_MATRIX_TRY(start_runtime(""));
    CNI_MATRIX_TRY_ASSIGN(m_before, node::take_inventory());
    for (const auto& step : m_setup.steps) {
      if (step.condition == matrix::Condition::stop_failed && !m_stop_failed) {
        continue;
      }
      CNI_MATRIX_TRY(perform(step));
      if (m_run_failed) {
        CNI_MATRIX_TRY(end_after_failed_run());
        break;
      }
    }
    tell("take the inventory");
    CNI_MATRIX_TRY_ASSIGN(m_outcome.leftover, settled_inventory());
    return std::move(m_outcome);
  }

 private:
  void tell(const std::string& what) const {
    if (m_setup.progress) {
      m_setup.progress(what);
    }
  }

  Expected<void> start_runtime(const std::string& token) {
    const auto choice = m_setup.runtimes.find(token);
    if (choice == m_setup.runtimes.end()) {
      return broken("the step asks for containerd {}, which the cell does not have", token);
    }
    m_runtime.reset();
    CNI_MATRIX_TRY_ASSIGN(m_runtime, choice->second.make());
    m_runtime_token = token;
    return m_runtime->start();
  }

  // Do one step and note how it went. Only harness trouble is an Error.
  Expected<void> perform(const Step& step) {
    StepResult result;
    result.step = matrix::label_of(step.kind);
    result.detail = detail_of(step);
    tell(result.step);
    const auto begin = Clock::now();
    CNI_MATRIX_TRY(dispatch(step, result));
    result.wall_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    const bool ran = step.kind == StepKind::run && result.ok;
    m_outcome.steps.push_back(std::move(result));
    if (ran && !m_outcome.after_run) {
      CNI_MATRIX_TRY_ASSIGN(m_outcome.after_run, added_since_before());
    }
    return {};
  }

  [[nodiscard]] std::string detail_of(const Step& step) const {
    const auto version_in = [&](const auto& choices) {
      const auto found = choices.find(step.to);
      return found == choices.end() ? step.to : found->second.version;
    };
    switch (step.kind) {
      case StepKind::replace_runtime:
        return version_in(m_setup.runtimes);
      case StepKind::replace_plugins:
        return version_in(m_setup.plugins);
      case StepKind::remove_plugin:
      case StepKind::restore_plugin:
        return step.plugin;
      default:
        return step.to;
    }
  }

  template <typename T>
  void note(StepResult& result, const RuntimeResult<T>& answer) const {
    result.ok = answer.has_value();
    if (!answer) {
      result.code = answer.error().code;
      result.error = answer.error().message;
    }
  }

  Expected<void> dispatch(const Step& step, StepResult& result) {
    switch (step.kind) {
      case StepKind::run:
        return run(result);
      case StepKind::stop:
        note(result, m_runtime->stop_pod_sandbox(m_pod_id));
        m_stop_failed = !result.ok;
        return {};
      case StepKind::remove:
        note(result, m_runtime->remove_pod_sandbox(m_pod_id));
        return {};
      case StepKind::status:
        return status(result);
      case StepKind::probe:
        return probe(result);
      default:
        // The rest is done by us to the node: it works, or the harness is broken.
        CNI_MATRIX_TRY(change(step));
        result.ok = true;
        return {};
    }
  }

  Expected<void> change(const Step& step) {
    switch (step.kind) {
      case StepKind::edit_conflist:
        m_conflist.set_version(step.to);
        CNI_MATRIX_TRY(m_conflist.write());
        return await_configuration(m_conflist.text());
      case StepKind::remove_conflist:
        CNI_MATRIX_TRY(m_conflist.remove());
        return await_configuration("");
      case StepKind::restore_conflist:
        CNI_MATRIX_TRY(m_conflist.write());
        return await_configuration(m_conflist.text());
      case StepKind::delete_netns:
        return delete_netns();
      case StepKind::restart_runtime:
        CNI_MATRIX_TRY(m_runtime->shut_down());
        return start_runtime(m_runtime_token);
      case StepKind::replace_runtime:
        CNI_MATRIX_TRY(m_runtime->shut_down());
        return start_runtime(step.to);
      case StepKind::replace_plugins:
        if (const auto found = m_setup.plugins.find(step.to); found != m_setup.plugins.end()) {
          return m_plugins.use(found->second.folder);
        }
        return broken("the step asks for plugins {}, which the cell does not have", step.to);
      case StepKind::remove_plugin:
        return m_plugins.remove(step.plugin);
      case StepKind::restore_plugin:
        return m_plugins.restore(step.plugin);
      default:
        return broken("the executor lacks the step {}", matrix::name_of(step.kind));
    }
  }

  Expected<void> await_configuration(const std::string& text) {
    CNI_MATRIX_TRY_ASSIGN(m_outcome.network, wait_for_configuration(*m_runtime, text));
    return {};
  }

  Expected<void> run(StepResult& result) {
    auto pod = m_setup.pod;
    if (m_pods > 0) {
      pod.name += fmt::format("-{}", m_pods + 1);
      pod.uid += fmt::format("-{}", m_pods + 1);
    }
    ++m_pods;
    m_pod_name = pod.name;
    const auto answer = m_runtime->run_pod_sandbox(pod);
    note(result, answer);
    m_run_failed = !answer;
    m_pod_id = answer ? *answer : std::string();
    return {};
  }

  Expected<void> end_after_failed_run() {
    if (auto status = m_runtime->network_status()) {
      m_outcome.network = std::move(*status);
    }
    CNI_MATRIX_TRY_ASSIGN(const auto pods, pods_now());
    const auto kept = std::find_if(pods.begin(), pods.end(),
                                   [&](const PodSandbox& pod) { return pod.name == m_pod_name; });
    if (kept == pods.end()) {
      return {};
    }
    m_pod_id = kept->id;
    CNI_MATRIX_TRY(perform({StepKind::stop, {}, {}, {}}));
    return perform({StepKind::remove, {}, {}, {}});
  }

  Expected<void> status(StepResult& result) {
    const auto pod = m_runtime->pod_sandbox_status(m_pod_id);
    note(result, pod);
    if (pod && pod->state != PodState::ready) {
      result.ok = false;
      result.error = "the pod sandbox is not ready";
    }
    return {};
  }

  Expected<void> probe(StepResult& result) {
    const auto pod = m_runtime->pod_sandbox_status(m_pod_id);
    note(result, pod);
    if (!pod) {
      return {};
    }
    CNI_MATRIX_TRY_ASSIGN(const auto netns, pod_netns(*pod));
    const ProbeTarget target{netns, pod->ips, m_setup.pod.port_mappings};
    const auto seen = probe_data_plane(usual_probes(target), target, nullptr);
    if (!seen) {
      result.ok = false;
      result.error = seen.error().message;
      return {};
    }
    for (const auto& probe : *seen) {
      if (!probe.ok) {
        result.ok = false;
        result.error +=
            fmt::format("{}{}: {}", result.error.empty() ? "" : "; ", probe.probe, probe.saw);
      }
    }
    return {};
  }

  Expected<std::string> pod_netns(const PodStatus& pod) {
    if (!pod.netns.empty()) {
      return pod.netns;
    }
    // Versions that do not tell it: the pod's is the only one that came with it.
    CNI_MATRIX_TRY_ASSIGN(const auto added, added_since_before());
    if (added.netns.size() != 1) {
      return broken("the runtime does not say which network namespace the pod has");
    }
    return added.netns.front();
  }

  Expected<void> delete_netns() {
    PodStatus pod;
    if (auto answer = m_runtime->pod_sandbox_status(m_pod_id)) {
      pod = std::move(*answer);
    }
    CNI_MATRIX_TRY_ASSIGN(const auto path, pod_netns(pod));
    if (::umount2(path.c_str(), MNT_DETACH) != 0 || ::unlink(path.c_str()) != 0) {
      return system_error(fmt::format("cannot remove {}", path));
    }
    return {};
  }

  Expected<std::vector<PodSandbox>> pods_now() {
    auto pods = m_runtime->list_pod_sandboxes();
    if (!pods) {
      return broken("the runtime does not list its pods: {}", pods.error().message);
    }
    return std::move(*pods);
  }

  Expected<node::Inventory> added_since_before() {
    CNI_MATRIX_TRY_ASSIGN(auto now, node::take_inventory());
    CNI_MATRIX_TRY_ASSIGN(const auto pods, pods_now());
    for (const auto& pod : pods) {
      now.pods.push_back(
          fmt::format("{} {}", pod.state == PodState::ready ? "READY" : "NOTREADY", pod.id));
    }
    return node::difference(m_before, now);
  }

  // A process that is on its way out is no leak, nor is the veth of a network namespace that the
  // kernel is still taking apart: give them a moment.
  Expected<node::Inventory> settled_inventory() {
    const auto deadline = Clock::now() + 1s;
    for (;;) {
      CNI_MATRIX_TRY_ASSIGN(auto added, added_since_before());
      const bool settled = (added.processes.empty() || !added.pods.empty()) &&
                           added.veths.size() <= added.netns.size();
      if (settled || Clock::now() > deadline) {
        return added;
      }
      std::this_thread::sleep_for(5ms);
    }
  }

  const Setup& m_setup;
  ConflistFile m_conflist;
  PluginDirectory m_plugins;
  std::unique_ptr<PodRuntime> m_runtime;
  std::string m_runtime_token;
  node::Inventory m_before;
  Outcome m_outcome;
  std::string m_pod_id;
  std::string m_pod_name;
  int m_pods = 0;
  bool m_run_failed = false;
  bool m_stop_failed = false;
};

}  // namespace

Expected<Outcome> execute(const Setup& setup) {
  return Executor(setup).execute();
}

}  // namespace cni_matrix::scenario
