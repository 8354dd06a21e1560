#include "attachment_damage.hpp"
#include "configuration_files.hpp"
#include "configuration_wait.hpp"
#include "driver_steps.hpp"
#include "full_disk.hpp"
#include "iptables_backend.hpp"
#include "node_changes.hpp"
#include "parallel_run.hpp"
#include "plugin_processes.hpp"
#include "pod_addresses.hpp"
#include "xtables_lock.hpp"

#include <cni_matrix/base/process.hpp>
#include <cni_matrix/matrix/judge.hpp>
#include <cni_matrix/matrix/regex_text.hpp>
#include <cni_matrix/matrix/settings_json.hpp>
#include <cni_matrix/node/layout.hpp>
#include <cni_matrix/node/reboot.hpp>
#include <cni_matrix/recorder/faults.hpp>
#include <cni_matrix/scenario/data_plane.hpp>
#include <cni_matrix/scenario/executor.hpp>
#include <cni_matrix/scenario/plugin_directory.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

namespace cni_matrix::scenario {

namespace {

using Clock = std::chrono::steady_clock;
using matrix::Step;
using matrix::StepKind;
using namespace std::chrono_literals;

// Results do not name a pod when it is the only one.
constexpr std::string_view k_only_pod = "pod";

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
    CNI_MATRIX_TRY(write_conflist());
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
      if (!m_failed_pod.empty()) {
        CNI_MATRIX_TRY(end_after_failed_run());
        break;
      }
    }
    tell("take the inventory");
    CNI_MATRIX_TRY_ASSIGN(m_outcome.leftover, settled_inventory());
    return std::move(m_outcome);
  }

 private:
  // A pod by the scenario's name of it.
  struct Pod {
    std::string name;  // as the runtime knows it
    std::string id;    // empty: the runtime has no record of it
    PodSpec spec;
  };

  void tell(const std::string& what) const {
    if (m_setup.progress) {
      m_setup.progress(what);
    }
  }

  Expected<void> write_conflist() {
    m_outcome.conflists.push_back(m_conflist.json());
    return m_conflist.write();
  }

  Expected<void> start_runtime(const std::string& token) {
    const auto choice = m_setup.runtimes.find(token);
    if (choice == m_setup.runtimes.end()) {
      return broken("the step asks for containerd {}, which the cell does not have", token);
    }
    m_runtime.reset();
    CNI_MATRIX_TRY_ASSIGN(m_runtime, choice->second.make(m_settings.value_or(RuntimeSettings())));
    m_runtime_token = token;
    CNI_MATRIX_TRY(m_runtime->start());
    if (m_has_faults && m_runtime->pid() > 0) {
      return recorder::set_runtime_pid(node::k_faults, m_runtime->pid());
    }
    return {};
  }

  // The pods that a step is about: a group's members, or the one.
  [[nodiscard]] std::vector<std::string> members(const Step& step) const {
    if (step.kind == StepKind::run && step.count > 0) {
      std::vector<std::string> names;
      for (int i = 1; i <= step.count; ++i) {
        names.push_back(fmt::format("{}-{}", step.pod, i));
      }
      return names;
    }
    const auto group = m_groups.find(step.pod);
    return group == m_groups.end() ? std::vector<std::string>{step.pod} : group->second;
  }

  static bool is_about_pods(StepKind kind) {
    switch (kind) {
      case StepKind::run:
      case StepKind::stop:
      case StepKind::remove:
      case StepKind::status:
      case StepKind::probe:
      case StepKind::add:
      case StepKind::check:
        return true;
      default:
        return false;
    }
  }

  [[nodiscard]] static std::filesystem::path directory_of(const Step& step) {
    return step.dir.empty() ? node::k_cni_conf : step.dir;
  }

  // Do a step and note how it went, for every pod that it is about. Only harness trouble is an
  // Error.
  Expected<void> perform(const Step& step) {
    if (!is_about_pods(step.kind)) {
      return perform(step, step.pod);
    }
    const auto pods = members(step);
    if (step.kind == StepKind::run && step.count > 0) {
      m_groups[step.pod] = pods;
    }
    if (step.parallel) {
      return run_at_once(step, pods);
    }
    for (const auto& pod : pods) {
      CNI_MATRIX_TRY(perform(step, pod));
    }
    return {};
  }

  Expected<void> perform(const Step& step, const std::string& pod) {
    const bool later = step.kind != StepKind::run && is_about_pods(step.kind);
    if (later && m_pods[pod].id.empty()) {
      return {};  // its run failed and was forgotten: there is nothing to do it to
    }
    StepResult result;
    result.step = matrix::label_of(step.kind);
    result.detail = detail_of(step);
    result.expect = step.expect.value_or("");
    if (is_about_pods(step.kind) && pod != k_only_pod) {
      result.pod = pod;
    }
    if (step.kind == StepKind::run || step.kind == StepKind::stop ||
        step.kind == StepKind::remove) {
      m_runtime->set_call_limit(step.within_ms > 0
                                    ? std::optional(std::chrono::milliseconds(step.within_ms))
                                    : std::nullopt);
    }
    tell(result.pod.empty() ? result.step : result.step + " " + result.pod);
    const auto begin = Clock::now();
    CNI_MATRIX_TRY(dispatch(step, pod, result));
    if (step.kind == StepKind::edit_conflist) {
      result.detail = matrix::cni_version_of(m_conflist.json());
    }
    result.wall_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    return keep(step, std::move(result));
  }

  Expected<void> keep(const Step& step, StepResult result) {
    const bool ran = step.kind == StepKind::run && result.ok;
    m_outcome.steps.push_back(std::move(result));
    if (ran && !m_outcome.after_run) {
      CNI_MATRIX_TRY_ASSIGN(m_outcome.after_run, added_since_before());
    }
    return {};
  }

  Expected<void> run_at_once(const Step& step, const std::vector<std::string>& pods) {
    tell(fmt::format("{} of {} pods at once", matrix::label_of(step.kind), pods.size()));
    std::vector<PodSpec> specs;
    specs.reserve(pods.size());
    for (const auto& pod : pods) {
      specs.push_back(new_pod(m_pods[pod], step));
    }
    const auto starts = start_at_once(*m_runtime, specs);
    for (std::size_t i = 0; i < pods.size(); ++i) {
      StepResult result;
      result.step = matrix::label_of(step.kind);
      result.pod = pods[i];
      result.expect = step.expect.value_or("");
      result.wall_us = starts[i].wall_us;
      take_start(step, pods[i], starts[i].answer, result);
      CNI_MATRIX_TRY(keep(step, std::move(result)));
    }
    return {};
  }

  [[nodiscard]] std::string detail_of(const Step& step) const {
    const auto version_in = [&](const auto& choices) {
      const auto found = choices.find(step.to);
      return found == choices.end() ? step.to : found->second.version;
    };
    switch (step.kind) {
      case StepKind::run:
        return std::string(step.host_network ? matrix::k_host_network : "");
      case StepKind::replace_runtime:
        return version_in(m_setup.runtimes);
      case StepKind::replace_plugins:
        return fmt::format("{}{}{}", step.plugin, step.plugin.empty() ? "" : " ",
                           version_in(m_setup.plugins));
      case StepKind::remove_plugin:
      case StepKind::restore_plugin:
        return step.plugin;
      case StepKind::fault:
        return fmt::format("{} {}: {}", step.fault->plugin,
                           step.fault->command.empty() ? "any call" : step.fault->command,
                           recorder::name_of(step.fault->action));
      case StepKind::write_config:
      case StepKind::remove_config:
        return step.file;
      case StepKind::damage_cache:
      case StepKind::damage_attachment:
        return step.how;
      case StepKind::add_link:
      case StepKind::delete_link:
        return step.link;
      case StepKind::fill_disk:
      case StepKind::free_disk:
        return step.what;
      case StepKind::hold_xtables_lock:
        return fmt::format("{} ms", step.milliseconds);
      case StepKind::cycle:
        return fmt::format("{} times", step.times);
      case StepKind::addresses:
        return step.interface;
      case StepKind::restart_runtime:
        return step.settings ? matrix::summary_of(*step.settings) : "";
      case StepKind::call_api:
        return step.api;
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

  Expected<void> dispatch(const Step& step, const std::string& pod, StepResult& result) {
    switch (step.kind) {
      case StepKind::run:
        return run(step, pod, result);
      case StepKind::stop:
        note(result, m_runtime->stop_pod_sandbox(m_pods[pod].id));
        m_stop_failed = !result.ok;
        return {};
      case StepKind::remove:
        note(result, m_runtime->remove_pod_sandbox(m_pods[pod].id));
        return {};
      case StepKind::status:
        return status(m_pods[pod], result);
      case StepKind::probe:
        return probe(step, pod, result);
      case StepKind::cycle:
        return cycle(step, result);
      case StepKind::await:
        return await(step, result);
      case StepKind::add:
      case StepKind::check:
      case StepKind::gc:
        return drive(step, pod, result);
      case StepKind::addresses:
        return addresses(step, result);
      case StepKind::call_api:
        note(result, m_runtime->call_api(step.api));
        return {};
      case StepKind::restart_runtime:
      case StepKind::replace_runtime:
        return restart(step, result);
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
        if (!step.to.empty()) {
          m_conflist.set_version(step.to);
        } else {
          CNI_MATRIX_TRY(m_conflist.patch(step.patch));
        }
        CNI_MATRIX_TRY(write_conflist());
        return await_configuration(m_conflist.json());
      case StepKind::remove_conflist:
        CNI_MATRIX_TRY(m_conflist.remove());
        return await_configuration(Json());
      case StepKind::restore_conflist:
        CNI_MATRIX_TRY(write_conflist());
        return await_configuration(m_conflist.json());
      case StepKind::delete_netns:
        return remove_netns_of(step.pod);
      case StepKind::kill_runtime:
        return m_runtime->kill();
      case StepKind::replace_plugins:
        if (const auto found = m_setup.plugins.find(step.to); found != m_setup.plugins.end()) {
          return step.plugin.empty() ? m_plugins.use(found->second.folder)
                                     : m_plugins.replace(step.plugin, found->second.folder);
        }
        return broken("the step asks for plugins {}, which the cell does not have", step.to);
      case StepKind::remove_plugin:
        return m_plugins.remove(step.plugin);
      case StepKind::restore_plugin:
        return m_plugins.restore(step.plugin);
      case StepKind::write_config:
        return write_config(directory_of(step), step.file, step.text, step.how);
      case StepKind::remove_config:
        return remove_config(directory_of(step), step.file);
      case StepKind::remove_config_dir:
        CNI_MATRIX_TRY(remove_config_directory(node::k_cni_conf));
        return wait_for_lost_directory(*m_runtime);
      case StepKind::make_config_dir:
        CNI_MATRIX_TRY(make_config_directory(node::k_cni_conf));
        return m_conflist.write();
      case StepKind::damage_cache:
        return damage_cache(step.how);
      case StepKind::delete_link:
        return delete_link(step.link);
      case StepKind::damage_attachment: {
        CNI_MATRIX_TRY_ASSIGN(const auto pod, attached(step.pod));
        return damage_attachment(pod, step.how);
      }
      case StepKind::kill_pause:
        return m_runtime->kill_pod_process(m_pods[step.pod].id, PodProcess::pause);
      case StepKind::kill_shim:
        return m_runtime->kill_pod_process(m_pods[step.pod].id, PodProcess::shim);
      case StepKind::refuse_create:
        return refuse_create();
      case StepKind::reboot:
        return reboot();
      case StepKind::fill_disk:
        return fill_disk(step.what);
      case StepKind::free_disk:
        return free_disk(step.what);
      case StepKind::hold_xtables_lock:
        return m_xtables_lock.hold(std::chrono::milliseconds(step.milliseconds));
      case StepKind::add_link:
        return add_link_of_the_node(step.link);
      case StepKind::use_iptables:
        return use_iptables(step.to);
      case StepKind::fault:
        return place_fault(*step.fault);
      case StepKind::clear_faults:
        return recorder::clear_faults(node::k_faults);
      default:
        return broken("the executor lacks the step {}", matrix::name_of(step.kind));
    }
  }

  // It belongs to the node, and not to a pod.
  Expected<void> add_link_of_the_node(const std::string& link) {
    CNI_MATRIX_TRY(add_link(link));
    CNI_MATRIX_TRY_ASSIGN(m_before, node::take_inventory());
    return {};
  }

  // A runtime that does not start with the settings that the scenario asks for is a result.
  Expected<void> restart(const Step& step, StepResult& result) {
    if (step.settings) {
      m_settings = step.settings;
    }
    CNI_MATRIX_TRY(m_runtime->shut_down());
    wait_for_plugins();
    auto started = start_runtime(step.to.empty() ? m_runtime_token : step.to);
    result.ok = started.has_value();
    if (result.ok) {
      return find_pods();
    }
    if (started.error().kind != ErrorKind::input) {
      return started;
    }
    if (!m_settings) {
      return broken("the runtime refuses its configuration: {}", started.error().message);
    }
    result.error = started.error().message;
    return {};
  }

  Expected<void> place_fault(const recorder::Fault& fault) {
    CNI_MATRIX_TRY(recorder::place_fault(node::k_faults, fault));
    m_has_faults = true;
    if (m_runtime->pid() > 0) {
      return recorder::set_runtime_pid(node::k_faults, m_runtime->pid());
    }
    return {};
  }

  Expected<void> await_configuration(const Json& wanted) {
    CNI_MATRIX_TRY_ASSIGN(m_outcome.network, wait_for_configuration(*m_runtime, wanted));
    return {};
  }

  // Until Status is as the step says, or its time is over: then what Status says is the error.
  Expected<void> await(const Step& step, StepResult& result) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(step.within_ms);
    for (;;) {
      const auto status = m_runtime->network_status();
      if (!status) {
        note(result, status);
        return {};
      }
      m_outcome.network = *status;
      // Of the default network; handlers have theirs under further keys.
      const auto found = status->load_status.find("lastCNILoadStatus");
      const auto load = found == status->load_status.end() ? std::string() : found->second;
      // containerd 1.3 tells no load status.
      const bool any_load = step.load.empty() || status->load_status.empty();
      result.ok = status->network_ready == step.ready &&
                  (any_load || matrix::regex_found(step.load, load)) &&
                  (step.message.empty() || matrix::regex_found(step.message, status->message));
      if (result.ok) {
        return {};
      }
      if (Clock::now() >= deadline) {
        result.error =
            fmt::format("after {} ms the network is {}; load status: {}{}{}", step.within_ms,
                        status->network_ready ? "ready" : "not ready", load,
                        status->message.empty() ? "" : "; message: ", status->message);
        return {};
      }
      std::this_thread::sleep_for(2ms);  // CRI has no call that tells of a reload
    }
  }

  [[nodiscard]] PodSpec new_pod(Pod& pod, const Step& step) {
    auto spec = m_setup.pod;
    if (m_pods_made > 0) {
      spec.name += fmt::format("-{}", m_pods_made + 1);
      spec.uid += fmt::format("-{}", m_pods_made + 1);
    }
    ++m_pods_made;
    spec.handler = step.handler;
    spec.host_network = step.host_network;
    spec.annotations = step.annotations;
    spec.dns = step.dns;
    spec.port_mappings = ports_of(step);
    pod.name = spec.name;
    pod.id.clear();
    pod.spec = spec;
    return spec;
  }

  // The step's host port, or that of the cell, with each of its protocols.
  [[nodiscard]] std::vector<PortMapping> ports_of(const Step& step) const {
    auto asked = m_setup.pod.port_mappings;
    if (step.host_port > 0) {
      asked = {{"tcp", 80, step.host_port, ""}};
    }
    std::vector<PortMapping> ports;
    for (auto port : asked) {
      for (const auto& protocol : step.protocols) {
        port.protocol = protocol;
        ports.push_back(port);
      }
    }
    return ports;
  }

  Expected<void> run(const Step& step, const std::string& name, StepResult& result) {
    const auto spec = new_pod(m_pods[name], step);
    take_start(step, name, m_runtime->run_pod_sandbox(spec), result);
    return {};
  }

  void take_start(const Step& step, const std::string& name,
                  const RuntimeResult<std::string>& answer, StepResult& result) {
    auto& pod = m_pods[name];
    note(result, answer);
    if (answer) {
      pod.id = *answer;
    } else if (!step.expect) {
      m_failed_pod = name;
    } else if (const auto pods = m_runtime->list_pod_sandboxes()) {
      pod.id = id_of(pod.name, *pods);
    }
  }

  // Until one of the calls fails: then the results are the calls about that pod.
  Expected<void> cycle(const Step& step, StepResult& result) {
    std::optional<ReloadStorm> storm;
    if (step.reload) {
      storm.emplace(node::k_cni_conf);
    }
    result.ok = true;
    for (int i = 1; i <= step.times && result.ok; ++i) {
      Pod pod;
      std::vector<StepResult> calls;
      const auto did = [&](StepKind kind, const auto& answer) {
        calls.emplace_back().step = matrix::label_of(kind);
        calls.back().pod = fmt::format("{}-{}", step.pod, i);
        note(calls.back(), answer);
        return answer.has_value();
      };
      const auto id = m_runtime->run_pod_sandbox(new_pod(pod, step));
      if (did(StepKind::run, id) && did(StepKind::stop, m_runtime->stop_pod_sandbox(*id))) {
        did(StepKind::remove, m_runtime->remove_pod_sandbox(*id));
      }
      if (!calls.back().ok) {
        result = std::move(calls.back());
        calls.pop_back();
        m_outcome.steps.insert(m_outcome.steps.end(), calls.begin(), calls.end());
      }
    }
    return {};
  }

  static std::string id_of(const std::string& name, const std::vector<PodSandbox>& pods) {
    const auto found = std::find_if(pods.begin(), pods.end(),
                                    [&](const PodSandbox& pod) { return pod.name == name; });
    return found == pods.end() ? std::string() : found->id;
  }

  Expected<void> end_after_failed_run() {
    if (auto status = m_runtime->network_status()) {
      m_outcome.network = std::move(*status);
    }
    auto& pod = m_pods[m_failed_pod];
    CNI_MATRIX_TRY_ASSIGN(const auto pods, pods_now());
    pod.id = id_of(pod.name, pods);
    Step step;
    step.kind = StepKind::stop;
    CNI_MATRIX_TRY(perform(step, m_failed_pod));
    step.kind = StepKind::remove;
    return perform(step, m_failed_pod);
  }

  Expected<void> status(const Pod& pod, StepResult& result) {
    const auto seen = m_runtime->pod_sandbox_status(pod.id);
    note(result, seen);
    if (seen && seen->state != PodState::ready) {
      result.ok = false;
      result.error = "the pod sandbox is not ready";
    }
    return {};
  }

  Expected<void> probe(const Step& step, const std::string& name, StepResult& result) {
    CNI_MATRIX_TRY_ASSIGN(const auto target, probe_target(name, result));
    if (!target) {
      return {};
    }
    std::optional<ProbeTarget> other;
    if (!step.with.empty()) {
      Step with;
      with.pod = step.with;
      CNI_MATRIX_TRY_ASSIGN(other, probe_target(members(with).front(), result));
      if (!other) {
        return {};
      }
    }
    const auto seen = probe_data_plane(step.probes.empty() ? usual_probes(*target) : step.probes,
                                       *target, other ? &*other : nullptr);
    if (!seen) {
      return tl::unexpected(seen.error());
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

  Expected<void> addresses(const Step& step, StepResult& result) {
    PodAddresses seen;
    for (const auto& name : members(step)) {
      const auto status = m_runtime->pod_sandbox_status(m_pods[name].id);
      if (!status) {
        note(result, status);
        return {};
      }
      auto addresses = status->ips;
      if (!step.interface.empty()) {
        CNI_MATRIX_TRY_ASSIGN(const auto netns, pod_netns(*status));
        CNI_MATRIX_TRY_ASSIGN(addresses, addresses_of(netns, step.interface));
      }
      seen.emplace_back(name, std::move(addresses));
    }
    result.error = problem_of(seen, step.in, step.outside);
    result.ok = result.error.empty();
    return {};
  }

  // Absent, and noted, when the runtime does not know the pod.
  Expected<std::optional<ProbeTarget>> probe_target(const std::string& name, StepResult& result) {
    const auto pod = m_runtime->pod_sandbox_status(m_pods[name].id);
    note(result, pod);
    if (!pod) {
      return std::nullopt;
    }
    CNI_MATRIX_TRY_ASSIGN(const auto netns, pod_netns(*pod));
    return ProbeTarget{netns, pod->ips, m_pods[name].spec.port_mappings};
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

  Expected<cni::AttachedPod> attached(const std::string& name) {
    const auto& pod = m_pods[name];
    PodStatus status;
    if (auto answer = m_runtime->pod_sandbox_status(pod.id)) {
      status = std::move(*answer);
    }
    CNI_MATRIX_TRY_ASSIGN(auto netns, pod_netns(status));
    return cni::AttachedPod{pod.id, std::move(netns), pod.spec};
  }

  // By itself or by its group.
  [[nodiscard]] bool is_named(const std::string& pod, const std::vector<std::string>& names) const {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      const auto group = m_groups.find(name);
      return name == pod ||
             (group != m_groups.end() &&
              std::find(group->second.begin(), group->second.end(), pod) != group->second.end());
    });
  }

  // The pods that run, or those of them that the step takes for valid.
  Expected<std::vector<cni::AttachedPod>> valid_pods(const Step& step) {
    CNI_MATRIX_TRY_ASSIGN(const auto there, pods_now());
    std::vector<cni::AttachedPod> valid;
    for (const auto& entry : m_pods) {
      const auto& name = entry.first;
      const auto& id = entry.second.id;
      const bool runs = std::any_of(there.begin(), there.end(), [&id](const PodSandbox& pod) {
        return pod.id == id && pod.state == PodState::ready;
      });
      const bool wanted = !step.valid || is_named(name, *step.valid);
      if (runs && wanted) {
        CNI_MATRIX_TRY_ASSIGN(auto one, attached(name));
        valid.push_back(std::move(one));
      }
    }
    return valid;
  }

  // Our own driver does to the network what containerd does not.
  Expected<void> drive(const Step& step, const std::string& name, StepResult& result) {
    std::vector<cni::AttachedPod> pods;
    if (step.kind == StepKind::gc) {
      CNI_MATRIX_TRY_ASSIGN(pods, valid_pods(step));
    } else {
      CNI_MATRIX_TRY_ASSIGN(auto pod, attached(name));
      pods.push_back(std::move(pod));
    }
    const auto& profile = m_setup.runtimes.at(m_runtime_token).profile;
    if (!profile) {
      return broken("it is not known which libcni containerd has, so {} cannot be called",
                    matrix::name_of(step.kind));
    }
    CNI_MATRIX_TRY_ASSIGN(const auto answer, drive_plugins(step.kind, *m_runtime, *profile, pods,
                                                           m_setup.call_timeout));
    note(result, answer);
    return {};
  }

  Expected<void> remove_netns_of(const std::string& name) {
    CNI_MATRIX_TRY_ASSIGN(const auto pod, attached(name));
    const auto& path = pod.netns;
    CNI_MATRIX_TRY(delete_netns(path));
    note_netns_gone(path);
    return {};
  }

  void note_netns_gone(const std::string& path) {
    m_outcome.netns_gone_ns[path] =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
            .count();
  }

  // Of the node. What is done to it at its start is done again.
  Expected<void> reboot() {
    CNI_MATRIX_TRY_ASSIGN(const auto added, added_since_before());
    CNI_MATRIX_TRY(m_runtime->kill());
    CNI_MATRIX_TRY(node::reboot());
    for (const auto& path : added.netns) {
      note_netns_gone(path);
    }
    if (m_setup.mark_chain) {
      CNI_MATRIX_TRY(make_mark_chain());
    }
    CNI_MATRIX_TRY(start_runtime(m_runtime_token));
    return find_pods();
  }

  // A pod whose run was cut short may have a record all the same.
  Expected<void> find_pods() {
    CNI_MATRIX_TRY_ASSIGN(const auto pods, pods_now());
    for (auto& [name, pod] : m_pods) {
      if (pod.id.empty()) {
        pod.id = id_of(pod.name, pods);
      }
    }
    return {};
  }

  // None when the runtime is gone: that it is, the steps say.
  Expected<std::vector<PodSandbox>> pods_now() {
    auto pods = m_runtime->list_pod_sandboxes();
    if (!pods && pods.error().code == "Unavailable") {
      return std::vector<PodSandbox>();
    }
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
  std::optional<RuntimeSettings> m_settings;  // absent: no step has asked for any yet
  node::Inventory m_before;
  Outcome m_outcome;
  std::map<std::string, Pod> m_pods;
  std::map<std::string, std::vector<std::string>> m_groups;
  int m_pods_made = 0;
  XtablesLock m_xtables_lock;
  std::string m_failed_pod;  // whose run failed when it should not have
  bool m_stop_failed = false;
  bool m_has_faults = false;
};

}  // namespace

Expected<Outcome> execute(const Setup& setup) {
  return Executor(setup).execute();
}

}  // namespace cni_matrix::scenario
