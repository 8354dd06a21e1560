#include "step_detail.hpp"

#include "runtime/settings_json.hpp"
#include <cni_matrix/recorder/faults.hpp>

#include <fmt/format.h>

namespace cni_matrix::scenario {

using scenario::StepKind;

std::string detail_of(const scenario::Step& step, const Setup& setup) {
  const auto version_in = [&](const auto& choices) {
    const auto found = choices.find(step.to);
    return found == choices.end() ? step.to : found->second.version;
  };
  switch (step.kind) {
    case StepKind::run:
      return std::string(step.host_network ? k_host_network : "");
    case StepKind::replace_runtime:
      return version_in(setup.runtimes);
    case StepKind::replace_plugins:
      return fmt::format("{}{}{}", step.plugin, step.plugin.empty() ? "" : " ",
                         version_in(setup.plugins));
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
      return step.settings ? summary_of(*step.settings) : "";
    case StepKind::call_api:
      return step.api;
    default:
      return step.to;
  }
}

}  // namespace cni_matrix::scenario
