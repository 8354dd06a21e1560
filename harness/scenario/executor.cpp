#include "executor.hpp"

#include "attachment_damage.hpp"
#include "configuration_files.hpp"
#include "configuration_wait.hpp"
#include "driver_steps.hpp"
#include "full_disk.hpp"
#include "iptables_backend.hpp"
#include "leftovers_watch.hpp"
#include "node_changes.hpp"
#include "parallel_run.hpp"
#include "plugin_directory.hpp"
#include "plugin_processes.hpp"
#include "pod_addresses.hpp"
#include "pod_book.hpp"
#include "step_detail.hpp"
#include "xtables_lock.hpp"

#include "node/reboot.hpp"
#include "probe/data_plane.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/recorder/faults.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

namespace cni_matrix::scenario {

namespace {

using Clock = std::chrono::steady_clock;
using scenario::Step;
using scenario::StepKind;

// Results do not name a pod when it is the only one.
constexpr std::string_view k_only_pod = "pod";

// A runtime may see its deadline so much earlier than we see ours.
constexpr auto k_deadline_slack = std::chrono::milliseconds(50);

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
      : m_setup(setup),
        m_conflist(setup.conflist),
        m_plugins(setup.collector != nullptr),
        m_pods(setup.pod) {}

  Expected<Outcome> execute() {
    CNI_MATRIX_TRY(m_plugins.use(m_setup.plugins.at("").folder));
    CNI_MATRIX_TRY(write_conflist());
    if (m_setup.mark_chain) {
      CNI_MATRIX_TRY(make_mark_chain());
    }
    tell("start the runtime");
    CNI_MATRIX_TRY(start_runtime(""));
    CNI_MATRIX_TRY(m_watch.begin());
    for (const auto& step : m_setup.steps) {
      if (step.condition == scenario::Condition::stop_failed && !m_stop_failed) {
        continue;
      }
      CNI_MATRIX_TRY(perform(step));
      if (!m_failed_pod.empty()) {
        CNI_MATRIX_TRY(end_after_failed_run());
        break;
      }
    }
    tell("take the inventory");
    CNI_MATRIX_TRY_ASSIGN(m_outcome.leftover, m_watch.settled(*m_runtime));
    return std::move(m_outcome);
  }

 private:
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
      return recorder::set_runtime_pid(layout::k_faults, m_runtime->pid());
    }
    return {};
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
    return step.dir.empty() ? layout::k_cni_conf : step.dir;
  }

  // Do a step and note how it went, for every pod that it is about. Only harness trouble is an
  // Error.
  Expected<void> perform(const Step& step) {
    if (!is_about_pods(step.kind)) {
      return perform(step, step.pod);
    }
    const auto pods = m_pods.members(step);
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
    auto result = begin(step, pod);
    tell(result.pod.empty() ? result.step : result.step + " " + result.pod);
    const auto begin = Clock::now();
    CNI_MATRIX_TRY(dispatch(step, pod, result));
    if (step.kind == StepKind::edit_conflist) {
      result.detail = scenario::cni_version_of(m_conflist.json());
    }
    result.wall_us =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    if (ends_processes(step.kind) || came_to_deadline(step, result)) {
      note_interruption(begin);
    }
    return keep(step, std::move(result));
  }

  // Of a step that is about to be done to a pod. The deadline of its calls is its own.
  StepResult begin(const Step& step, const std::string& pod) {
    StepResult result;
    result.step = scenario::label_of(step.kind);
    result.detail = detail_of(step, m_setup);
    result.expect = step.expect.value_or("");
    if (is_about_pods(step.kind) && pod != k_only_pod) {
      result.pod = pod;
    }
    if (m_runtime) {
      m_runtime->set_call_limit(step.within_ms > 0
                                    ? std::optional(std::chrono::milliseconds(step.within_ms))
                                    : std::nullopt);
    }
    return result;
  }

  static bool ends_processes(StepKind kind) {
    switch (kind) {
      case StepKind::kill_runtime:
      case StepKind::restart_runtime:
      case StepKind::replace_runtime:
      case StepKind::reboot:
        return true;
      default:
        return false;
    }
  }

  // Then the runtime kills the plugin that it waits for. By the time that it took, and not by its
  // error text, which a plugin may have written.
  [[nodiscard]] bool came_to_deadline(const Step& step, const StepResult& result) const {
    const auto limit =
        step.within_ms > 0 ? std::chrono::milliseconds(step.within_ms) : m_setup.call_timeout;
    return !result.ok && (result.code == "DeadlineExceeded" ||
                          (step.kind != StepKind::cycle &&
                           std::chrono::microseconds(result.wall_us) + k_deadline_slack >= limit));
  }

  void note_interruption(Clock::time_point begin) {
    const auto count = [](Clock::time_point time) {
      return std::int64_t{
          std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()};
    };
    m_outcome.interruptions.push_back({count(begin), count(Clock::now())});
  }

  Expected<void> keep(const Step& step, StepResult result) {
    const bool ran = step.kind == StepKind::run && result.ok;
    m_outcome.steps.push_back(std::move(result));
    if (ran && !m_outcome.after_run) {
      CNI_MATRIX_TRY_ASSIGN(m_outcome.after_run, m_watch.added(*m_runtime));
    }
    return {};
  }

  Expected<void> run_at_once(const Step& step, const std::vector<std::string>& pods) {
    tell(fmt::format("{} of {} pods at once", scenario::label_of(step.kind), pods.size()));
    std::vector<PodSpec> specs;
    std::vector<StepResult> results;
    for (const auto& pod : pods) {
      specs.push_back(m_pods.next(step, pod));
      results.push_back(begin(step, pod));
    }
    const auto begin = Clock::now();
    const auto starts = start_at_once(*m_runtime, specs);
    for (std::size_t i = 0; i < pods.size(); ++i) {
      results[i].wall_us = starts[i].wall_us;
      take_start(step, pods[i], starts[i].answer, results[i]);
      if (came_to_deadline(step, results[i])) {
        note_interruption(begin);
      }
      CNI_MATRIX_TRY(keep(step, std::move(results[i])));
    }
    return {};
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
        CNI_MATRIX_TRY(remove_config_directory(layout::k_cni_conf));
        return wait_for_lost_directory(*m_runtime);
      case StepKind::make_config_dir:
        CNI_MATRIX_TRY(make_config_directory(layout::k_cni_conf));
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
        return recorder::clear_faults(layout::k_faults);
      default:
        return broken("the executor lacks the step {}", name_of(step.kind));
    }
  }

  // It belongs to the node, and not to a pod.
  Expected<void> add_link_of_the_node(const std::string& link) {
    CNI_MATRIX_TRY(add_link(link));
    return m_watch.begin();
  }

  // A runtime that does not start with the settings that the scenario asks for is a result.
  Expected<void> restart(const Step& step, StepResult& result) {
    if (step.settings) {
      m_settings = step.settings;
    }
    CNI_MATRIX_TRY(m_runtime->shut_down());
    wait_for_plugins(m_setup.collector);
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
    CNI_MATRIX_TRY(recorder::place_fault(layout::k_faults, fault, layout::k_fault_counts));
    m_has_faults = true;
    if (m_runtime->pid() > 0) {
      return recorder::set_runtime_pid(layout::k_faults, m_runtime->pid());
    }
    return {};
  }

  Expected<void> await_configuration(const Json& wanted) {
    CNI_MATRIX_TRY_ASSIGN(m_outcome.network, wait_for_configuration(*m_runtime, wanted));
    return {};
  }

  Expected<void> await(const Step& step, StepResult& result) {
    const auto answer = await_status(*m_runtime, {step.ready, step.load, step.message,
                                                  std::chrono::milliseconds(step.within_ms)});
    note(result, answer.verdict);
    if (answer.last) {
      m_outcome.network = answer.last;
    }
    return {};
  }

  Expected<void> run(const Step& step, const std::string& name, StepResult& result) {
    take_start(step, name, m_runtime->run_pod_sandbox(m_pods.next(step, name)), result);
    return {};
  }

  void take_start(const Step& step, const std::string& name,
                  const RuntimeResult<std::string>& answer, StepResult& result) {
    note(result, answer);
    if (answer) {
      m_pods[name].id = *answer;
    } else if (!step.expect) {
      m_failed_pod = name;
    } else if (const auto pods = m_runtime->list_pod_sandboxes()) {
      m_pods.find(*pods);
    }
  }

  // Until one of the calls fails: then the results are the calls about that pod.
  Expected<void> cycle(const Step& step, StepResult& result) {
    std::optional<ReloadStorm> storm;
    if (step.reload) {
      storm.emplace(layout::k_cni_conf);
    }
    result.ok = true;
    for (int i = 1; i <= step.times && result.ok; ++i) {
      std::vector<StepResult> calls;
      const auto did = [&](StepKind kind, const auto& answer) {
        calls.emplace_back().step = scenario::label_of(kind);
        calls.back().pod = fmt::format("{}-{}", step.pod, i);
        note(calls.back(), answer);
        return answer.has_value();
      };
      const auto id = m_runtime->run_pod_sandbox(m_pods.next(step));
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

  Expected<void> end_after_failed_run() {
    if (auto status = m_runtime->network_status()) {
      m_outcome.network = std::move(*status);
    }
    CNI_MATRIX_TRY(find_pods());
    Step step;
    step.kind = StepKind::stop;
    CNI_MATRIX_TRY(perform(step, m_failed_pod));
    step.kind = StepKind::remove;
    return perform(step, m_failed_pod);
  }

  Expected<void> status(const ScenarioPod& pod, StepResult& result) {
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
    std::optional<probe::ProbeTarget> other;
    if (!step.with.empty()) {
      CNI_MATRIX_TRY_ASSIGN(other, probe_target(m_pods.members(step.with).front(), result));
      if (!other) {
        return {};
      }
    }
    const auto seen =
        probe::probe_data_plane(step.probes.empty() ? probe::usual_probes(*target) : step.probes,
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
    for (const auto& name : m_pods.members(step)) {
      const auto status = m_runtime->pod_sandbox_status(m_pods[name].id);
      if (!status) {
        note(result, status);
        return {};
      }
      auto addresses = status->ips;
      if (!step.interface.empty()) {
        CNI_MATRIX_TRY_ASSIGN(const auto netns, m_watch.netns_of(*status, *m_runtime));
        CNI_MATRIX_TRY_ASSIGN(addresses, addresses_of(netns, step.interface));
      }
      seen.emplace_back(name, std::move(addresses));
    }
    result.error = problem_of(seen, step.in, step.outside);
    result.ok = result.error.empty();
    return {};
  }

  // Absent, and noted, when the runtime does not know the pod or an address of it.
  Expected<std::optional<probe::ProbeTarget>> probe_target(const std::string& name,
                                                           StepResult& result) {
    const auto pod = m_runtime->pod_sandbox_status(m_pods[name].id);
    note(result, pod);
    if (pod && pod->ips.empty()) {
      result.ok = false;
      result.error = "the runtime reports no address of the pod";
    }
    if (!result.ok) {
      return std::nullopt;
    }
    CNI_MATRIX_TRY_ASSIGN(const auto netns, m_watch.netns_of(*pod, *m_runtime));
    return probe::ProbeTarget{netns, pod->ips, m_pods[name].spec.port_mappings};
  }

  Expected<cni::AttachedPod> attached(const std::string& name) {
    const auto& pod = m_pods[name];
    PodStatus status;
    if (auto answer = m_runtime->pod_sandbox_status(pod.id)) {
      status = std::move(*answer);
    }
    CNI_MATRIX_TRY_ASSIGN(auto netns, m_watch.netns_of(status, *m_runtime));
    return cni::AttachedPod{pod.id, std::move(netns), pod.spec};
  }

  // The pods that run, or those of them that the step takes for valid.
  Expected<std::vector<cni::AttachedPod>> valid_pods(const Step& step) {
    std::set<std::string> wanted;
    for (const auto& name : step.valid.value_or(std::vector<std::string>{})) {
      const auto named = m_pods.members(name);
      wanted.insert(named.begin(), named.end());
    }
    CNI_MATRIX_TRY_ASSIGN(const auto there, pods_of(*m_runtime));
    std::vector<cni::AttachedPod> valid;
    for (const auto& [name, pod] : m_pods.all()) {
      const auto& id = pod.id;
      const bool runs = std::any_of(there.begin(), there.end(), [&id](const PodSandbox& sandbox) {
        return sandbox.id == id && sandbox.state == PodState::ready;
      });
      if (runs && (!step.valid || wanted.contains(name))) {
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
                    name_of(step.kind));
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
    CNI_MATRIX_TRY_ASSIGN(const auto added, m_watch.added(*m_runtime));
    CNI_MATRIX_TRY(m_runtime->kill());
    CNI_MATRIX_TRY(node::reboot());
    for (const auto& path : added.of(node::LeakClass::netns)) {
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
    CNI_MATRIX_TRY_ASSIGN(const auto pods, pods_of(*m_runtime));
    m_pods.find(pods);
    return {};
  }

  const Setup& m_setup;
  ConflistFile m_conflist;
  PluginDirectory m_plugins;
  std::unique_ptr<PodRuntime> m_runtime;
  std::string m_runtime_token;
  std::optional<RuntimeSettings> m_settings;  // absent: no step has asked for any yet
  LeftoversWatch m_watch;
  Outcome m_outcome;
  PodBook m_pods;
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
