#include "observation.hpp"

#include "chain/chain_names.hpp"
#include "verdict/leaks.hpp"
#include "verdict/residue.hpp"
#include <cni_matrix/scenario/conflist.hpp>

namespace cni_matrix::run {

namespace {

// cniVersion of the loopback call, from what the runtime gave the plugin.
std::string loopback_version(const std::vector<recorder::PluginCall>& trace) {
  for (const auto& call : trace) {
    if (call.plugin == "loopback" && call.command == "ADD") {
      const auto configuration = parse_json(call.input, "loopback");
      if (configuration && configuration->is_object()) {
        return scenario::cni_version_of(*configuration);
      }
    }
  }
  return {};
}

}  // namespace

verdict::Observation observation_of(const CellResult& result, const CellPlan& plan) {
  const auto& configuration = plan.conflist.json();
  verdict::Observation seen;
  seen.containerd = Version::parse(result.containerd_version).value_or(Version{});
  seen.plugins = Version::parse(result.plugins_version).value_or(Version{});
  seen.cni_version = scenario::cni_version_of(configuration);
  seen.traits = scenario::conflist_traits(configuration);
  seen.network = scenario::network_of(configuration);
  for (const auto& [token, plugins] : plan.plugins) {
    if (plugins.built_with) {
      seen.built_with.emplace(token, *plugins.built_with);
    }
  }
  if (!result.trace.empty()) {
    seen.undeleted = verdict::undeleted(result.trace, result.steps);
  }
  seen.scenario = result.cell.scenario;
  seen.host_port = result.cell.host_port.has_value();
  seen.mark_chain = result.cell.mark_chain;
  seen.steps = result.steps;
  if (result.after_run) {
    seen.after_run = node::classes_of(*result.after_run);
  }
  const auto leaked = verdict::split_residue(result.leftover).leaked;
  seen.leftover = node::classes_of(leaked);
  seen.leftover_of = verdict::leftovers_of_pods(leaked);
  seen.name = result.cell.name();
  seen.conflist = result.cell.conflist.name;
  seen.loopback_version = loopback_version(result.trace);
  return seen;
}

void judge_cell(const verdict::KnownBehaviours& behaviours, const CellPlan& plan,
                CellResult& result) {
  result.observation = std::make_shared<const verdict::Observation>(observation_of(result, plan));
  auto judgement = verdict::judge(behaviours, *result.observation);
  result.verdict = judgement.verdict;
  result.reason = std::move(judgement.reason);
  result.known = std::move(judgement.known);
  result.remedy = chain::ChainNames(chain::Chain(plan.conflist.json())).told(judgement.remedy);
}

}  // namespace cni_matrix::run
