#include "cell_process.hpp"

#include "effects_json.hpp"
#include "node_answer.hpp"
#include "prepared_roots.hpp"
#include "recording.hpp"

#include "base/cpu_time.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "containerd/daemon_log.hpp"
#include "containerd/prepared_root.hpp"
#include "containerd/runtime.hpp"
#include "embedded/embedded_runtime.hpp"
#include "recorder/collector.hpp"
#include "runtime/node_layout.hpp"
#include "runtime/release_facts.hpp"
#include "scenario/executor.hpp"
#include "scenario/scenario.hpp"
#include "trace/rules.hpp"
#include "verdict/residue.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace cni_matrix::run {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_log_end = 64U << 10U;
constexpr mode_t k_execute_only = 0111;  // there is a secret in it
constexpr const char* k_root_file = "/opt/stacks/root.tar";

fs::path containerd_folder(std::size_t index) {
  return fs::path(layout::k_stacks) / fmt::format("containerd-{}", index);
}
fs::path plugins_folder(std::size_t index) {
  return fs::path(layout::k_stacks) / fmt::format("plugins-{}", index);
}
fs::path overlay_folder(std::size_t index, std::size_t overlay) {
  return fs::path(layout::k_stacks) / fmt::format("plugins-{}-{}", index, overlay);
}

// Takes the record of the node's plugin calls; nothing where they are not recorded.
Expected<std::optional<recorder::Collector>> start_collector(const RunOptions& options) {
  if (!options.record) {
    return std::nullopt;
  }
  TRY_ASSIGN(const auto* recorder, run_recorder());
  recorder::CollectorOptions collector;
  collector.socket = layout::k_trace_socket;
  collector.program = layout::k_recorder;
  collector.secret = recorder->secret;
  return recorder::Collector::start(collector);
}

containerd::ContainerdOptions daemon_options(const Version& version, std::size_t index,
                                             const RunOptions& options) {
  containerd::ContainerdOptions daemon;
  daemon.binaries = containerd_folder(index);
  daemon.version = version;
  daemon.timeouts.call = options.step_timeout;
  return daemon;
}

scenario::Setup make_setup(const matrix::Cell& cell, const CellPlan& plan,
                           const RunOptions& options, recorder::Collector* collector, int output) {
  scenario::Setup setup{plan.steps,
                        plan.conflist,
                        {},
                        {},
                        {},
                        collector,
                        cell.mark_chain,
                        options.step_timeout,
                        {},
                        plan.lease_roots,
                        plan.nics,
                        plan.node.get()};
  setup.pod.name = "pod";
  setup.pod.pod_namespace = "default";
  setup.pod.uid = "cni-matrix-" + cell.id();
  if (cell.host_port) {
    setup.pod.port_mappings.push_back({"tcp", 80, *cell.host_port, ""});
  }
  setup.progress = [output](const std::string& step) { write_answer(output, "@" + step + "\n"); };
  std::size_t index = 0;
  for (const auto& [token, planned] : plan.containerds) {
    const auto version = planned.version;
    scenario::RuntimeChoice choice{version.str(), {}, planned.profile};
    if (plan.embedded) {
      choice.make = [version, profile = planned.profile,
                     &options](const RuntimeSettings& settings) {
        embedded::EmbeddedOptions embedded;
        embedded.profile = profile;
        embedded.settings = settings;
        embedded.log = fs::path(layout::k_logs) / "containerd.log";
        embedded.timeouts.call = options.step_timeout;
        return embedded::make_embedded_runtime(version, embedded);
      };
    } else {
      choice.make = [version, index, &options](
                        const RuntimeSettings& settings) -> Expected<std::unique_ptr<PodRuntime>> {
        auto daemon = daemon_options(version, index, options);
        daemon.settings = settings;
        return containerd::make_containerd_runtime(std::move(daemon));
      };
    }
    setup.runtimes[token] = std::move(choice);
    ++index;
  }
  index = 0;
  for (const auto& [token, artifact] : plan.plugins) {
    auto& choice = setup.plugins[token];
    choice = {artifact.version.str(), plugins_folder(index), {}};
    for (std::size_t i = 0; i < artifact.overlays.size(); ++i) {
      choice.overlays.push_back(overlay_folder(index, i));
    }
    ++index;
  }
  return setup;
}

bool all_ok(const scenario::Outcome& outcome) {
  for (const auto& step : outcome.steps) {
    if (!step.ok) {
      return false;
    }
  }
  return node::classes_of(verdict::split_residue(outcome.leftover).leaked).empty();
}

std::string end_of_log() {
  std::error_code error;
  std::string text;
  for (const auto& entry : fs::directory_iterator(layout::k_logs, error)) {
    if (auto log = read_file(entry.path()); log && entry.is_regular_file(error)) {
      text += log->size() > k_log_end ? log->substr(log->size() - k_log_end) : *log;
    }
  }
  return printable(text);
}

// Every rule of the scenario for the trace is one more step of the outcome.
void check_trace(const CellPlan& plan, const std::vector<recorder::PluginCall>& trace,
                 scenario::Outcome& outcome) {
  if (plan.trace.empty()) {
    return;
  }
  trace::TraceFacts facts;
  const bool serially = scenario::demands_of(plan.steps).always_serially;
  facts.conflists = outcome.conflists;
  facts.netns_gone_ns = outcome.netns_gone_ns;
  for (const auto& [token, containerd] : plan.containerds) {
    const auto release = release_facts(containerd.version);
    const bool parallel =
        release.attaches_in_parallel && !(serially && release.knows_setup_serially);
    facts.parallel_attach = facts.parallel_attach || parallel;
    facts.pod_uid = facts.pod_uid && release.pod_uid;
  }
  for (const auto& rule : plan.trace) {
    const auto violations = trace::violations(rule, trace, facts);
    StepResult step;
    step.step = "trace";
    step.detail = rule;
    step.effect.rule = rule;
    step.ok = violations.empty();
    step.error = fmt::format("{}", fmt::join(violations, "; "));
    outcome.steps.push_back(std::move(step));
  }
}

// Where Status does not tell why there is no network (containerd 1.3), the log does.
void add_load_error(CellResult& result) {
  auto& network = result.network;
  if (network && !network->network_ready && network->load_status.empty()) {
    if (auto why = containerd::load_error_in(result.log); !why.empty()) {
      network->load_status["log"] = std::move(why);
    }
  }
}

Expected<CellResult> run(const matrix::Cell& cell, const CellPlan& plan, const RunOptions& options,
                         int output) {
  CellResult result;
  result.cell = cell;
  TRY_ASSIGN(auto collector, start_collector(options));
  if (!plan.embedded) {
    TRY(containerd::place_root(k_root_file, "/var/lib/containerd"));
  }
  TRY_ASSIGN(auto outcome, scenario::execute(make_setup(
                               cell, plan, options, collector ? &*collector : nullptr, output)));
  if (collector) {
    check_recording(*collector, outcome);
    result.trace = collector->calls();
    check_trace(plan, result.trace, outcome);
  }
  if (!all_ok(outcome)) {
    result.log = end_of_log();
  }
  result.steps = std::move(outcome.steps);
  result.after_run = std::move(outcome.after_run);
  result.leftover = std::move(outcome.leftover);
  result.network = std::move(outcome.network);
  add_load_error(result);
  return result;
}

}  // namespace

node::NodeOptions node_options(const CellPlan& plan, const RunOptions& options) {
  node::NodeOptions node;
  node.keep = options.keep;
  node.privileged = options.privileged;
  node.tell_denied = true;
  std::size_t index = 0;
  for (const auto& [token, planned] : plan.containerds) {
    if (!plan.embedded) {
      node.binds.push_back({planned.artifact->directory, containerd_folder(index++)});
    }
  }
  index = 0;
  for (const auto& [token, artifact] : plan.plugins) {
    node.binds.push_back({artifact.directory, plugins_folder(index)});
    for (std::size_t i = 0; i < artifact.overlays.size(); ++i) {
      node.binds.push_back({artifact.overlays[i].directory, overlay_folder(index, i)});
    }
    ++index;
  }
  if (options.record) {
    if (const auto recorder = run_recorder()) {
      node.files.push_back({layout::k_recorder, (*recorder)->program, k_execute_only});
    }
  }
  if (!plan.embedded) {
    node.binds.push_back({plan.runc, containerd::k_runc});
    node.binds.push_back({libexec_directory() / "runc-wrapper", containerd::k_runc_wrapper});
    if (auto root = prepared_root(*plan.containerds.at("").artifact, options.cache)) {
      node.binds.push_back({*root, k_root_file});
    }
  }
  return node;
}

int run_cell(const matrix::Cell& cell, const CellPlan& plan, const RunOptions& options, int output,
             std::int64_t setup_cpu_us) {
  const auto commands_before_us = commands_cpu_us();  // of the process that we are a fork of
  auto result = run(cell, plan, options, output);
  if (!result) {
    write_answer(
        output,
        "=" + Json(end_of_log()).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    write_answer(output, node::setup_error_line(result.error()));
    return 1;
  }
  // The commands are iptables-save, for the inventory.
  result->cpu.harness_us = setup_cpu_us + commands_cpu_us() - commands_before_us;
  for (const auto& call : result->trace) {
    result->cpu.harness_us += call.recorder_cpu_us;
  }
  auto value = to_json(*result);
  value["effects"] = effects_to_json(result->steps);
  // Last, so that making the JSON counts too.
  value["cpu"]["harness_us"] = result->cpu.harness_us + own_cpu_us();
  write_answer(output, value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  return 0;
}

Expected<void> check_helpers(bool record) {
  std::vector<const char*> needed{"runc-wrapper", "pause"};
  if (record) {
    needed.push_back("recorder");
  }
  for (const auto* name : needed) {
    const auto program = libexec_directory() / name;
    if (::access(program.c_str(), X_OK) != 0) {
      return broken(
          "the helper program {} cannot be executed ({}): build or install cni-matrix again",
          program.string(), std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    }
  }
  return {};
}

}  // namespace cni_matrix::run
