#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// Scenarios are data: scenarios/<id>.json, checked against matrix/scenario.schema.json.
namespace cni_matrix::matrix {

// The step vocabulary.
enum class StepKind {
  run,              // RunPodSandbox
  stop,             // StopPodSandbox
  remove,           // RemovePodSandbox
  status,           // PodSandboxStatus and the runtime's Status; fails when the pod is not ready
  probe,            // the data plane: lo up, and the pod and the node reach each other (IPv4, IPv6)
  edit_conflist,    // write cniVersion `to` into the conflist in place: a value, "none" or "empty"
  remove_conflist,  // delete the file from the configuration directory
  restore_conflist,  // put it back as it was
  delete_netns,      // unmount and remove the pod's network namespace behind the runtime's back
  restart_runtime,   // SIGTERM, then start the same containerd on the same state
  replace_runtime,   // SIGTERM, then start containerd `to` on the same state
  replace_plugins,   // every plugin is now the one of release `to`
  remove_plugin,     // delete the executable `plugin` from the plugin directory
  restore_plugin,    // put it back
};
std::string_view name_of(StepKind kind);   // as scenarios write it: "run", "edit-conflist"
std::string_view label_of(StepKind kind);  // as results show it: "RunPodSandbox", "edit-conflist"

// When a step is done. `stop_failed`: only if the last `stop` before it failed, else it is passed
// over.
enum class Condition { always, stop_failed };

struct Step {
  StepKind kind = StepKind::run;
  std::string to;      // edit_conflist, replace_runtime, replace_plugins
  std::string plugin;  // remove_plugin, restore_plugin
  Condition condition = Condition::always;
};

// What a scenario's parameter stands for; decides which axis values a matrix may give it.
enum class ParameterKind { cni_version, containerd, plugins, plugin };

struct Parameter {
  ParameterKind kind = ParameterKind::cni_version;
  std::string description;
  std::string fallback;  // used when a cell does not set it; empty: the cell has to
};

// A list of steps. The executor's fixed rule beside it: when a `run` fails and the runtime keeps no
// record of the pod, the scenario ends there; when it keeps one, `stop` and `remove` follow and it
// ends. Every other failing step is noted and the next one is done.
struct Scenario {
  std::string id;  // "lifecycle"
  std::string title;
  std::vector<std::string> references;
  std::map<std::string, Parameter> parameters;  // "to", "to_containerd", "to_plugins", "plugin"
  std::vector<Step> steps;                      // `to` and `plugin` may still be "$NAME"
};

// scenarios/<id>.json of data_directory(), or `id` itself when it is a path that ends in ".json".
// Error kind: input; an unknown scenario or step comes with "did you mean".
Expected<Scenario> load_scenario(std::string_view id);

// `name` is what an error names.
Expected<Scenario> scenario_from_json(const Json& value, std::string_view name);

// The ids of data_directory()/scenarios, sorted.
Expected<std::vector<std::string>> list_scenarios();

// The steps with every "$NAME" replaced from `parameters` (a cell's) or the parameter's fallback.
// Error kind: input when one is missing, or when `parameters` has one that the scenario does not
// know.
Expected<std::vector<Step>> bind_steps(const Scenario& scenario,
                                       const std::map<std::string, std::string>& parameters);

}  // namespace cni_matrix::matrix
