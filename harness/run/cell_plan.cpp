#include "cell_plan.hpp"

#include "kernel_needs.hpp"

#include "artifacts/catalog.hpp"
#include "base/text.hpp"
#include "cni/network_driver.hpp"
#include "cni/profile.hpp"
#include "probe/data_plane.hpp"
#include "trace/rules.hpp"
#include "verdict/judge.hpp"
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/run/runner.hpp>

#include <algorithm>
#include <utility>

namespace cni_matrix::run {

namespace {

using artifacts::Component;
using artifacts::VersionToken;

// The token's version without fetching anything, for the embedded runtime.
std::optional<Version> version_of(const std::string& token) {
  const auto parsed = VersionToken::parse(token);
  return parsed ? parsed->version : std::nullopt;
}

Expected<PlannedContainerd> plan_containerd(const std::string& token, bool embedded,
                                            artifacts::Provisioner& provisioner) {
  PlannedContainerd planned;
  if (embedded) {
    if (const auto version = version_of(token)) {
      planned.version = *version;
      CNI_MATRIX_TRY_ASSIGN(planned.profile, cni::profile_for(planned.version));
      return planned;
    }
  }
  CNI_MATRIX_TRY_ASSIGN(planned.artifact, provisioner.ensure(Component::containerd, token));
  planned.version = planned.artifact->version;
  if (embedded) {
    CNI_MATRIX_TRY_ASSIGN(planned.profile, cni::profile_for(planned.version));
  }
  return planned;
}

// What is taken of containerds whose version has no profile of its own.
std::vector<std::string> assumptions_of(const CellPlan& plan) {
  static const auto catalog = artifacts::Catalog::load();
  std::vector<std::string> assumed;
  for (const auto& [token, containerd] : plan.containerds) {
    if (!containerd.profile || containerd.profile->listed == containerd.version) {
      continue;
    }
    const bool in_catalog = catalog && catalog->find(Component::containerd, containerd.version,
                                                     artifacts::host_architecture());
    auto text = fmt::format(
        "no profile {} containerd {}, so what is inside it is assumed to be as in {}, its "
        "neighbour",
        in_catalog ? "lists" : "and no catalog knows", containerd.version.str(),
        containerd.profile->listed.str());
    if (std::find(assumed.begin(), assumed.end(), text) == assumed.end()) {
      assumed.push_back(std::move(text));
    }
  }
  return assumed;
}

Expected<void> plan_runtimes(const matrix::Cell& cell, bool embedded, CellPlan& plan,
                             artifacts::Provisioner& provisioner) {
  if (!embedded) {
    CNI_MATRIX_TRY(check_cgroup_mounts());
  }
  plan.embedded = embedded;
  plan.containerds.clear();
  CNI_MATRIX_TRY_ASSIGN(plan.containerds[""],
                        plan_containerd(cell.containerd, embedded, provisioner));
  for (const auto& step : plan.steps) {
    if (step.kind == scenario::StepKind::replace_runtime) {
      CNI_MATRIX_TRY_ASSIGN(plan.containerds[step.to],
                            plan_containerd(step.to, embedded, provisioner));
    }
  }
  if (!embedded) {
    const auto& runc = provisioner.host_runc();
    if (!runc) {
      return tl::unexpected(runc.error());
    }
    plan.runc = runc->directory / "runc";
  }
  return {};
}

// What the scenario asks of this cell's configuration, before anything starts.
Expected<void> check_steps(const matrix::Cell& cell, const CellPlan& plan) {
  auto conflist = plan.conflist;
  bool other_files = false;
  const bool own_host_port =
      std::any_of(plan.steps.begin(), plan.steps.end(), [](const scenario::Step& step) {
        return step.kind == scenario::StepKind::run && step.host_port > 0;
      });
  for (const auto& rule : plan.trace) {
    if (!trace::is_trace_rule(rule)) {
      return input_error("scenario {}: at /trace: there is no rule \"{}\" for the trace",
                         cell.scenario, rule);
    }
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    const auto place = fmt::format("scenario {}: at /steps/{}", cell.scenario, i);
    if (step.kind == scenario::StepKind::edit_conflist && step.to.empty()) {
      if (auto patched = conflist.patch(step.patch); !patched) {
        return input_error("{}: {}", place, patched.error().message);
      }
    }
    if (step.kind == scenario::StepKind::replace_runtime ||
        step.kind == scenario::StepKind::replace_plugins) {
      if (const auto token = VersionToken::parse(step.to); !token) {
        return input_error("{}/to: {}", place, token.error().message);
      }
    }
    other_files = other_files || step.kind == scenario::StepKind::write_config;
    if (step.fault && step.plugin != "loopback" && !other_files) {
      const auto used = scenario::conflist_traits(conflist.json());
      if (std::find(used.begin(), used.end(), step.plugin) == used.end()) {
        return input_error("{}: a fault of the plugin {}, which the conflist {} does not use",
                           place, step.plugin, cell.conflist.name);
      }
    }
    if (step.kind == scenario::StepKind::run && step.protocols != std::vector<std::string>{"tcp"} &&
        step.host_port == 0 && !cell.host_port) {
      return input_error("{}: protocols without a host port; give the step a \"hostPort\"", place);
    }
    const auto& probes = probe::probe_names();
    for (const auto& probe : step.probes) {
      if (std::find(probes.begin(), probes.end(), probe) == probes.end()) {
        return input_error("{}: there is no probe \"{}\"{}", place, probe,
                           did_you_mean(probe, probes));
      }
      if (probe.find("host-port") != std::string::npos && !cell.host_port && !own_host_port) {
        return input_error(
            "{}: the probe {} needs a host port; give --host-port N, or \"hostPort\" "
            "in the matrix",
            place, probe);
      }
    }
  }
  return {};
}

// What is known of a plan without fetching anything.
Expected<std::pair<scenario::Scenario, CellPlan>> begin_plan(const matrix::Cell& cell) {
  CNI_MATRIX_TRY_ASSIGN(auto conflist, scenario::ConflistFile::load(cell.conflist));
  CellPlan plan{false, {}, {}, false, std::move(conflist), {}, {}, {}, {}, {}};
  CNI_MATRIX_TRY_ASSIGN(auto scenario, scenario::load_scenario(cell.scenario));
  CNI_MATRIX_TRY_ASSIGN(plan.steps, scenario::bind_steps(scenario, cell.parameters));
  plan.trace = scenario.trace;
  plan.needs_recorder = scenario.needs_recorder();
  CNI_MATRIX_TRY(check_steps(cell, plan));
  return std::pair{std::move(scenario), std::move(plan)};
}

// The steps add, check and gc are done by our own driver, as the libcni of the containerd that runs
// then does it. Error kinds: unavailable, for a gc that it does not have; input, for a containerd
// that nothing is known of.
Expected<void> plan_driver(CellPlan& plan) {
  std::string token;  // of the containerd that runs then
  for (const auto& step : plan.steps) {
    switch (step.kind) {
      case scenario::StepKind::replace_runtime:
        token = step.to;
        break;
      case scenario::StepKind::add:
      case scenario::StepKind::check:
      case scenario::StepKind::gc: {
        auto& containerd = plan.containerds.at(token);
        CNI_MATRIX_TRY_ASSIGN(containerd.profile, cni::profile_for(containerd.version));
        const auto lack = cni::lack_of_garbage_collection(*containerd.profile);
        if (step.kind == scenario::StepKind::gc && !lack.empty()) {
          return unavailable("{}", lack);
        }
        break;
      }
      default:
        break;
    }
  }
  return {};
}

}  // namespace

Expected<void> check_cell(const matrix::Cell& cell) {
  CNI_MATRIX_TRY(begin_plan(cell));
  return {};
}

Expected<CellPlan> plan_cell(const matrix::Cell& cell, artifacts::Provisioner& provisioner) {
  CNI_MATRIX_TRY_ASSIGN(auto begun, begin_plan(cell));
  auto& [scenario, plan] = begun;
  for (const auto& program : scenario.programs) {
    if (find_program(program).empty()) {
      return unavailable("{} is missing; install the package {}", program,
                         program == "nft" ? "nftables" : program);
    }
  }
  CNI_MATRIX_TRY(check_kernel_needs(scenario::conflist_traits(plan.conflist.json())));
  using matrix::RuntimeChoice;
  const bool embedded = cell.runtime == RuntimeChoice::embedded;
  const auto needs_daemon = scenario.needs_daemon();
  if (embedded && !needs_daemon.empty()) {
    return unavailable("{}: that takes a real containerd", needs_daemon);
  }
  auto runtimes = plan_runtimes(cell, embedded, plan, provisioner);
  if (!runtimes && needs_daemon.empty() && cell.runtime == RuntimeChoice::automatic &&
      runtimes.error().kind == ErrorKind::unavailable) {
    // Without the binary the cell is modelled, where the version is known at all.
    if (auto modelled = plan_runtimes(cell, true, plan, provisioner)) {
      plan.modelled_because = runtimes.error().message;
      runtimes = {};
    }
  }
  CNI_MATRIX_TRY(std::move(runtimes));
  CNI_MATRIX_TRY(plan_driver(plan));
  plan.assumed = assumptions_of(plan);
  const auto& version = plan.containerds.at("").version;
  if (scenario.containerd && !scenario.containerd->contains(version)) {
    return unavailable("the scenario {} is about containerd {}, and this is {}", scenario.id,
                       scenario.containerd->str(), version.str());
  }

  CNI_MATRIX_TRY_ASSIGN(plan.plugins[""], provisioner.ensure(Component::plugins, cell.plugins));
  for (const auto& step : plan.steps) {
    if (step.kind == scenario::StepKind::replace_plugins) {
      CNI_MATRIX_TRY_ASSIGN(plan.plugins[step.to], provisioner.ensure(Component::plugins, step.to));
    }
    if (step.kind == scenario::StepKind::replace_plugins && !step.plugin.empty() &&
        !plan.plugins[step.to].binaries.contains(step.plugin)) {
      return input_error("scenario {} takes the plugin {} of {}, which does not have it",
                         cell.scenario, step.plugin, step.to);
    }
    if ((step.kind == scenario::StepKind::remove_plugin ||
         step.kind == scenario::StepKind::restore_plugin) &&
        !plan.plugins[""].binaries.contains(step.plugin)) {
      return input_error("scenario {} removes the plugin {}, which {} does not have", cell.scenario,
                         step.plugin, cell.plugins);
    }
  }
  return plan;
}

}  // namespace cni_matrix::run
