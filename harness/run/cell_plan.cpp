#include "cell_plan.hpp"

#include "kernel_needs.hpp"
#include "node_needs.hpp"

#include "artifacts/catalog.hpp"
#include "base/try.hpp"
#include "chain/chain_names.hpp"
#include "chain/chain_words.hpp"
#include "cni/libcni_caller.hpp"
#include "cni/profile.hpp"
#include "scenario/act.hpp"
#include "scenario/cell_needs.hpp"
#include "scenario/step_json.hpp"
#include "trace/rules.hpp"
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/run/runner.hpp>

#include <algorithm>
#include <iterator>
#include <set>
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

cni::BuiltWith built_with(const artifacts::Artifact& artifact) {
  cni::BuiltWith built;
  if (!artifact.built_with) {
    return built;
  }
  for (const auto& [module, target] : {std::pair{"go", &built.go},
                                       {"github.com/containerd/go-cni", &built.go_cni},
                                       {"github.com/containernetworking/cni", &built.libcni}}) {
    const auto found = artifact.built_with->find(module);
    if (found == artifact.built_with->end()) {
      continue;
    }
    if (const auto version = Version::parse(found->second)) {
      *target = *version;
    }
  }
  return built;
}

Expected<cni::Profile> profile_of(const PlannedContainerd& planned) {
  if (!planned.artifact) {
    return cni::profile_for(planned.version);
  }
  return cni::profile_for(planned.version, built_with(*planned.artifact));
}

Expected<PlannedContainerd> plan_containerd(const std::string& token, bool embedded,
                                            artifacts::Provisioner& provisioner) {
  PlannedContainerd planned;
  if (embedded) {
    if (const auto version = version_of(token)) {
      planned.version = *version;
      TRY_ASSIGN(planned.profile, cni::profile_for(planned.version));
      return planned;
    }
  }
  TRY_ASSIGN(planned.artifact, provisioner.ensure(Component::containerd, token));
  planned.version = planned.artifact->version;
  if (embedded) {
    TRY_ASSIGN(planned.profile, profile_of(planned));
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
    TRY(check_cgroup_mounts());
  }
  plan.embedded = embedded;
  plan.containerds.clear();
  TRY_ASSIGN(plan.containerds[""], plan_containerd(cell.containerd, embedded, provisioner));
  for (const auto& token : scenario::demands_of(plan.steps).containerds) {
    TRY_ASSIGN(plan.containerds[token], plan_containerd(token, embedded, provisioner));
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

Expected<void> check_token(const std::string& token) {
  if (const auto parsed = VersionToken::parse(token); !parsed) {
    return tl::unexpected(parsed.error());
  }
  return {};
}

// What is known of a plan without fetching anything.
struct BegunPlan {
  scenario::ScenarioPointer scenario;
  scenario::CellNeeds needs;
  CellPlan plan;
};

// What the scenario asks of the chain as the cell begins. Error kind: unavailable.
Expected<void> check_chain(const scenario::Scenario& scenario, const chain::Chain& chain) {
  for (const auto& word : scenario.chain) {
    if (auto lack = chain::lack_of(chain, word); !lack.empty()) {
      return unavailable("{}", lack);
    }
  }
  return {};
}

// A plugin that a step puts into the chain has to be there, if it is one that there may be: a
// scenario that wants one to be missing makes up a name.
void take_new_plugins(const Json& configuration, const chain::Chain& before,
                      scenario::CellNeeds& needs) {
  const auto had = before.types();
  for (const auto& type : chain::Chain(configuration).types()) {
    if (std::find(had.begin(), had.end(), type) == had.end() &&
        chain::Chain::is_reference_plugin(type)) {
      needs.plugins.push_back({needs.plugins_in_use, type});
    }
  }
}

// A scenario whose node brings a chain with it is about that chain: links and servers of the node
// are for it. Error kind: unavailable.
Expected<void> check_own_chain(const matrix::Cell& cell, const scenario::Scenario& scenario) {
  const auto own = scenario.description ? scenario::chain_of(*scenario.node, *scenario.description)
                                        : std::nullopt;
  if (own && (cell.conflist.file != own->file || cell.conflist.at != own->at)) {
    return unavailable(
        "the scenario is about the network configuration list that its node brings with it; name "
        "no "
        "other for it");
  }
  return {};
}

// The steps with the names of this cell's chain, and what they take of the cell, each as the steps
// before it leave the configuration. Error kinds: unavailable, for what the chain lacks; input.
Expected<std::vector<scenario::Step>> plan_steps(const matrix::Cell& cell,
                                                 const scenario::Scenario& scenario,
                                                 scenario::CellNeeds& needs) {
  TRY_ASSIGN(const auto sources, scenario::bind_parameters(scenario, cell.parameters));
  const chain::ChainNames names{chain::Chain(needs.conflist.json())};
  std::vector<scenario::Step> steps;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const chain::Chain chain(needs.conflist.json());
    TRY_ASSIGN(const auto source, names.fill(sources[i], chain));
    needs.place = fmt::format("scenario {}: at /steps/{}", cell.scenario, i);
    TRY_ASSIGN(auto step, scenario::step_from_json(source, needs.place));
    const auto known = needs.configurations.size();
    TRY(step.act->plan(needs));
    needs.note(needs.conflist.json());
    for (auto fresh = known; fresh < needs.configurations.size(); ++fresh) {
      take_new_plugins(needs.configurations[fresh], chain, needs);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

// The links that plugins take by name, of every configuration; but for those that the chain itself
// makes, and those that the node is described with.
std::vector<std::string> nics_of(const scenario::CellNeeds& needs) {
  std::set<std::string> names;
  std::set<std::string> made;
  if (needs.node != nullptr) {
    for (const auto& link : needs.node->links) {
      made.insert(link.name);
    }
  }
  for (const auto& configuration : needs.configurations) {
    const chain::Chain chain(configuration);
    const auto links = chain.node_links();
    names.insert(links.begin(), links.end());
    made.insert(chain.bridge());
  }
  std::vector<std::string> nics;
  std::set_difference(names.begin(), names.end(), made.begin(), made.end(),
                      std::back_inserter(nics));
  return nics;
}

// What the matrix or the command line says of the node, and what the scenario says. Error kinds:
// unavailable, when both cannot be; input.
Expected<scenario::NodePointer> node_of(const matrix::Cell& cell,
                                        const scenario::Scenario& scenario,
                                        scenario::ScenarioLibrary& scenarios) {
  if (!cell.node) {
    return scenario.description;
  }
  TRY_ASSIGN(auto given, scenarios.node(*cell.node));
  if (!scenario.description || *cell.node == scenario.node) {
    return given;
  }
  auto both = equipment::joined(*given, *scenario.description,
                                fmt::format("the node of scenario {} goes not with that of {}",
                                            scenario.id, cell.node->file.string()));
  if (!both) {
    return unavailable("{}", both.error().message);
  }
  return std::make_shared<const equipment::NodeDescription>(*std::move(both));
}

Expected<BegunPlan> begin_plan(const matrix::Cell& cell, scenario::ScenarioLibrary& scenarios) {
  TRY_ASSIGN(auto conflist, scenario::ConflistFile::load(cell.conflist));
  TRY_ASSIGN(const auto scenario, scenarios.find(cell.scenario));
  CellPlan plan{false, {}, {}, false, conflist, {}, {}, {}, {}, {}, {}, {}, {}};
  TRY_ASSIGN(plan.node, node_of(cell, *scenario, scenarios));
  plan.trace = scenario->trace;
  plan.needs_recorder = scenario->needs_recorder();
  for (const auto& rule : plan.trace) {
    if (!trace::is_trace_rule(rule)) {
      return input_error("scenario {}: at /trace: there is no rule \"{}\" for the trace",
                         cell.scenario, rule);
    }
  }
  TRY(check_own_chain(cell, *scenario));
  TRY(check_chain(*scenario, chain::Chain(conflist.json())));
  const bool host_port = cell.host_port.has_value();
  scenario::CellNeeds needs{std::move(conflist),
                            host_port,
                            host_port || scenario->demands.own_host_port,
                            check_token,
                            {},
                            plan.node.get(),
                            {},
                            {},
                            {},
                            {},
                            {},
                            {},
                            {},
                            {}};
  needs.note(needs.conflist.json());
  TRY_ASSIGN(plan.steps, plan_steps(cell, *scenario, needs));
  plan.lease_roots.assign(needs.lease_roots.begin(), needs.lease_roots.end());
  plan.nics = nics_of(needs);
  return BegunPlan{scenario, std::move(needs), std::move(plan)};
}

// The steps add, check and gc are done by our own caller of libcni, as the libcni of the containerd
// that runs then does it. Error kind: unavailable, for a gc that it does not have, and for a
// containerd that nothing is known of.
Expected<void> plan_libcni(const scenario::CellNeeds& needs, CellPlan& plan) {
  for (const auto& [token, collects_garbage] : needs.libcni_calls) {
    auto& containerd = plan.containerds.at(token);
    auto profile = profile_of(containerd);
    if (!profile) {
      return unavailable("{}", profile.error().message);
    }
    containerd.profile = *std::move(profile);
    const auto lack = cni::lack_of_garbage_collection(*containerd.profile);
    if (collects_garbage && !lack.empty()) {
      return unavailable("{}", lack);
    }
  }
  return {};
}

Expected<void> plan_plugins(const matrix::Cell& cell, const scenario::CellNeeds& needs,
                            CellPlan& plan, artifacts::Provisioner& provisioner) {
  TRY_ASSIGN(plan.plugins[""], provisioner.ensure(Component::plugins, cell.plugins));
  for (const auto& [token, plugin] : needs.plugins) {
    if (!token.empty()) {
      TRY_ASSIGN(plan.plugins[token], provisioner.ensure(Component::plugins, token));
    }
    if (plugin.empty() || plan.plugins[token].binaries.contains(plugin)) {
      continue;
    }
    return unavailable("{} has no plugin {}", token.empty() ? cell.plugins : token, plugin);
  }
  for (const auto& plugin :
       plugins_called(plan.node ? *plan.node : equipment::NodeDescription(), needs.programs)) {
    if (!plan.plugins[""].binaries.contains(plugin)) {
      return unavailable("{} has no plugin {}, which the node runs", cell.plugins, plugin);
    }
  }
  return {};
}

}  // namespace

Expected<void> check_cell(const matrix::Cell& cell, scenario::ScenarioLibrary& scenarios) {
  TRY(begin_plan(cell, scenarios));
  return {};
}

Expected<CellPlan> plan_cell(const matrix::Cell& cell, artifacts::Provisioner& provisioner,
                             scenario::ScenarioLibrary& scenarios) {
  TRY_ASSIGN(auto begun, begin_plan(cell, scenarios));
  auto& [scenario, needs, plan] = begun;
  for (const auto& program : scenario->programs) {
    if (find_program(program).empty()) {
      return unavailable("{} is missing; install the package {}", program,
                         program == "nft" ? "nftables" : program);
    }
  }
  for (const auto& configuration : needs.configurations) {
    TRY(check_kernel_needs(configuration));
  }
  TRY(check_node_needs(plan.node ? *plan.node : equipment::NodeDescription(), needs.programs));
  using matrix::RuntimeChoice;
  const bool embedded = cell.runtime == RuntimeChoice::embedded;
  const auto& needs_daemon = scenario->needs_daemon();
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
  TRY(std::move(runtimes));
  TRY(plan_libcni(needs, plan));
  plan.assumed = assumptions_of(plan);
  const auto& version = plan.containerds.at("").version;
  if (scenario->containerd && !scenario->containerd->contains(version)) {
    return unavailable("the scenario {} is about containerd {}, and this is {}", scenario->id,
                       scenario->containerd->str(), version.str());
  }
  TRY(plan_plugins(cell, needs, plan, provisioner));
  return std::move(plan);
}

}  // namespace cni_matrix::run
