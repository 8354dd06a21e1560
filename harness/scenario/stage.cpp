#include "stage.hpp"

#include "act.hpp"
#include "configuration_text.hpp"

#include "base/try.hpp"
#include "node/uplink.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/recorder/faults.hpp>

#include <algorithm>
#include <utility>

namespace cni_matrix::scenario {

namespace {

// Results do not name a pod when it is the only one.
constexpr std::string_view k_only_pod = "pod";

// What results call that of which it is no step that failed.
constexpr std::string_view k_runtime = "containerd";

// A runtime may see its deadline so much earlier than we see ours.
constexpr auto k_deadline_slack = std::chrono::milliseconds(50);

Expected<void> make_mark_chain() {
  for (const auto* program : {"iptables", "ip6tables"}) {
    if (find_program(program).empty()) {
      return unavailable("{} is missing; install the package iptables", program);
    }
    TRY_ASSIGN(const auto made, run_program({program, "-w", "-t", "nat", "-N", "KUBE-MARK-MASQ"}));
    if (!made.ok()) {
      return broken("cannot make the chain KUBE-MARK-MASQ: {}", made.err);
    }
  }
  return {};
}

// A node of which nothing is described.
const equipment::NodeDescription& description_of(const Setup& setup) {
  static const equipment::NodeDescription nothing;
  return setup.node != nullptr ? *setup.node : nothing;
}

std::int64_t nanoseconds_of(Stage::Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

Stage::Stage(const Setup& setup)
    : m_setup(setup),
      m_conflist(setup.conflist),
      m_plugins(setup.collector != nullptr),
      m_daemons(description_of(setup)),
      m_watch(setup.lease_roots),
      m_pods(setup.pod) {
  m_watch.look_after(description_of(setup).state,
                     [this](pid_t pid) { return m_daemons.have(pid); });
}

Expected<void> Stage::open() {
  const auto& given = m_setup.plugins.at("");
  TRY_ASSIGN(auto plugins, equipment::place_plugins(description_of(m_setup)));
  m_plugins.add(std::move(plugins));
  TRY(m_plugins.use(given.folder, given.overlays));
  TRY(write_conflist());
  TRY_ASSIGN(const bool prepared, prepare_node(equipment::Boot::first));
  if (!prepared) {
    return {};
  }
  tell("start the runtime");
  TRY(start_runtime(""));
  return begin_watch();
}

Expected<void> Stage::begin_watch() {
  m_watches = true;
  return m_watch.begin();
}

Expected<void> Stage::note_end_of_runtime(const Error& error) {
  StepResult result;
  result.step = k_runtime;
  result.detail = m_doing;
  result.error = m_runtime ? m_runtime->last_words() : "";
  if (result.error.empty()) {
    return tl::unexpected(error);
  }
  add(std::move(result));
  return m_watches ? Expected<void>() : begin_watch();
}

Expected<Outcome> Stage::close() {
  tell("take the inventory");
  TRY(look_after_daemons());
  TRY_ASSIGN(m_outcome.leftover, m_watch.settled(*m_runtime));
  return std::move(m_outcome);
}

Expected<void> Stage::note(const Step& step, const std::string& pod,
                           const std::function<Expected<void>(StepResult&)>& work) {
  auto result = begin(step, pod);
  tell(result.pod.empty() ? result.step : result.step + " " + result.pod);
  const auto began = Clock::now();
  TRY(work(result));
  result.wall_us =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
  return end(step, began, std::move(result));
}

// The deadline of a step's calls is its own.
StepResult Stage::begin(const Step& step, const std::string& pod) {
  StepResult result;
  result.step = step.kind->label;
  result.expect = step.expect.value_or("");
  if (pod != k_only_pod) {
    result.pod = pod;
  }
  if (m_runtime) {
    const auto deadline = step.act->deadline();
    m_runtime->set_call_limit(deadline.count() > 0 ? std::optional(deadline) : std::nullopt);
  }
  return result;
}

Expected<void> Stage::end(const Step& step, Clock::time_point begin, StepResult result) {
  if (step.act->ends_processes() || came_to_deadline(step, result)) {
    m_outcome.interruptions.push_back({nanoseconds_of(begin), nanoseconds_of(Clock::now())});
  }
  result.effect.begin_ns = nanoseconds_of(begin);
  result.effect.end_ns = nanoseconds_of(Clock::now());
  const bool ran = result.effect.call == Effect::Call::run && result.ok;
  m_outcome.steps.push_back(std::move(result));
  if (ran && !m_outcome.after_run) {
    TRY_ASSIGN(m_outcome.after_run, m_watch.added(*m_runtime));
  }
  return look_after_daemons();
}

void Stage::note_node(std::string_view step, const std::string& what, std::string error) {
  StepResult result;
  result.step = step;
  result.detail = what;
  result.ok = error.empty();
  result.error = std::move(error);
  m_outcome.steps.push_back(std::move(result));
}

Expected<void> Stage::look_after_daemons() {
  for (const auto& [daemon, how] : m_daemons.ended()) {
    using equipment::WhenItEnds;
    if (daemon->when_it_ends == WhenItEnds::fail) {
      note_node("daemon", daemon->name, fmt::format("the daemon {}: {}", daemon->name, how));
    }
    if (daemon->when_it_ends != WhenItEnds::restart) {
      continue;
    }
    const auto started = m_daemons.start(daemon->name);
    if (!started && started.error().kind != ErrorKind::input) {
      return started;
    }
    note_node("daemon", fmt::format("{}, again: {}", daemon->name, how),
              started ? "" : started.error().message);
  }
  return {};
}

// Then the runtime kills the plugin that it waits for. By the time that it took, and not by its
// error text, which a plugin may have written.
bool Stage::came_to_deadline(const Step& step, const StepResult& result) const {
  const auto own = step.act->deadline();
  const auto limit = own.count() > 0 ? own : m_setup.call_timeout;
  return !result.ok && (result.code == "DeadlineExceeded" ||
                        (step.act->is_one_call() &&
                         std::chrono::microseconds(result.wall_us) + k_deadline_slack >= limit));
}

void Stage::tell(const std::string& what) {
  m_doing = what;
  if (m_setup.progress) {
    m_setup.progress(what);
  }
}

Expected<void> Stage::write_conflist() {
  m_outcome.conflists.push_back(m_conflist.json());
  return m_conflist.write();
}

Expected<void> Stage::await_configuration(const Json& wanted) {
  // A runtime that a step or a fault has killed looks at it when it starts.
  if (const auto status = m_runtime->network_status();
      !status && status.error().code == "Unavailable" && m_runtime->last_words().empty()) {
    return {};
  }
  m_change.reset();
  TRY_ASSIGN(const auto files, configuration_files_in(layout::k_cni_conf));
  if (wanted.is_null() && !files.empty()) {  // another one comes into force
    TRY_ASSIGN(m_outcome.network, wait_until_gone(*m_runtime, m_conflist.json()));
  } else if (wanted.is_null() || is_in_force(files)) {
    TRY_ASSIGN(m_outcome.network, wait_for_configuration(*m_runtime, wanted));
  }
  return {};
}

// Whether the cell's own file is among those that the runtime takes; it never shows another.
bool Stage::is_in_force(const std::vector<std::filesystem::path>& files) const {
  const auto most = m_settings ? m_settings->max_conf_num.value_or(1) : 1;
  const auto own = std::find(files.begin(), files.end(), m_conflist.path());
  return own != files.end() && (most == 0 || own - files.begin() < most);
}

void Stage::note_change() {
  std::optional<NetworkStatus> before;
  if (!m_change) {
    if (auto status = m_runtime->network_status()) {
      before = std::move(*status);
    }
  }
  m_change = ConfigurationChange{Clock::now(), std::move(before)};
}

Expected<void> Stage::start_runtime(const std::string& token) {
  const auto choice = m_setup.runtimes.find(token);
  if (choice == m_setup.runtimes.end()) {
    return broken("the step asks for containerd {}, which the cell does not have", token);
  }
  m_runtime.reset();
  m_change.reset();  // it loads what is there
  TRY_ASSIGN(m_runtime, choice->second.make(m_settings.value_or(RuntimeSettings())));
  m_runtime_token = token;
  TRY(m_runtime->start());
  if (m_has_faults && m_runtime->pid() > 0) {
    return recorder::set_runtime_pid(layout::k_faults, m_runtime->pid());
  }
  return {};
}

Expected<void> Stage::find_pods() {
  TRY_ASSIGN(const auto pods, pods_of(*m_runtime));
  m_pods.find(pods);
  return {};
}

Expected<cni::AttachedPod> Stage::attached(const std::string& name) {
  const auto& pod = m_pods[name];
  PodStatus status;
  if (auto answer = m_runtime->pod_sandbox_status(pod.id)) {
    status = std::move(*answer);
  }
  TRY_ASSIGN(auto netns, m_watch.netns_of(status, *m_runtime));
  return cni::AttachedPod{pod.id, std::move(netns), pod.spec};
}

void Stage::note_netns_gone(const std::string& path) {
  m_outcome.netns_gone_ns[path] = nanoseconds_of(Clock::now());
}

Expected<bool> Stage::prepare_node(equipment::Boot boot) {
  for (const auto& name : m_setup.nics) {
    TRY(node::add_nic(name));
  }
  if (m_setup.mark_chain) {
    TRY(make_mark_chain());
  }
  if (m_setup.node == nullptr) {
    return true;
  }
  tell("prepare the node");
  auto prepared = equipment::set_up(*m_setup.node, boot);
  if (prepared) {
    prepared = m_daemons.start_all();
  }
  if (prepared) {
    return true;
  }
  if (prepared.error().kind != ErrorKind::input) {
    return tl::unexpected(prepared.error());
  }
  note_node("node", "what it has", prepared.error().message);
  return false;
}

Expected<void> Stage::place_fault(const recorder::Fault& fault) {
  TRY(recorder::place_fault(layout::k_faults, fault, layout::k_fault_counts));
  m_has_faults = true;
  if (m_runtime->pid() > 0) {
    return recorder::set_runtime_pid(layout::k_faults, m_runtime->pid());
  }
  return {};
}

void Stage::take_start(const Step& step, const std::string& pod,
                       const RuntimeResult<std::string>& answer, StepResult& result) {
  take_answer(answer, result);
  if (answer) {
    m_pods[pod].id = *answer;
    result.effect.pod_id = *answer;
  } else if (!step.expect) {
    m_failed_pod = pod;
  } else if (const auto pods = m_runtime->list_pod_sandboxes()) {
    m_pods.find(*pods);
  }
}

Expected<void> NodeAct::perform(Stage& stage, const Step& step) const {
  return stage.note(step, {}, [&](StepResult& result) -> Expected<void> {
    TRY(change(stage, result));
    result.ok = true;
    return {};
  });
}

Expected<void> PodAct::perform(Stage& stage, const Step& step) const {
  for (const auto& pod : stage.pods().members(m_pod)) {
    if (stage.pods()[pod].id.empty()) {
      continue;  // its run failed and was forgotten: there is nothing to do it to
    }
    TRY(stage.note(step, pod, [&](StepResult& result) { return ask(stage, pod, result); }));
  }
  return {};
}

}  // namespace cni_matrix::scenario
