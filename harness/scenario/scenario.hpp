#pragma once

#include "demands.hpp"
#include "node_files.hpp"
#include "step.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Scenarios are data: scenarios/<area>/<id>.json, checked against matrix/scenario.schema.json.
namespace cni_matrix::scenario {

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
  std::string id;    // "lifecycle"
  std::string area;  // the folder it is in: "baseline"; empty for a file of the user's
  std::string file;  // its name there: "lifecycle.json", or that of a family
  std::string title;
  std::vector<std::string> references;
  std::map<std::string, Parameter> parameters;  // "to", "to_containerd", "to_plugins", "plugin"
  Json source;                                  // the steps as they are written
  std::vector<Step> steps;                      // the same, read for Chain::sample()
  Demands demands;                              // of the steps
  std::vector<std::string> trace;               // rules that the exec trace has to keep
  std::vector<std::string> chain;               // what the chain must have: chain_words.hpp
  std::vector<std::string> programs;            // that plugins call: "iptables", "nft"
  std::optional<VersionRange> containerd;       // the releases that it is about; absent: all
  std::optional<NodeSource> node;               // what its node has beside; absent: nothing
  NodePointer description;                      // the same, read; null: nothing

  // A probe of host ports needs a cell that publishes one, unless a pod of the scenario does.
  [[nodiscard]] bool needs_host_port() const;
  // The faults and the trace rules need the recorder.
  [[nodiscard]] bool needs_recorder() const;
  // Has a step that only a real daemon can be put to; why, in a few words, or empty.
  [[nodiscard]] const std::string& needs_daemon() const { return demands.daemon; }
};

// The newest version of the format of scenario files that is read here.
inline constexpr int k_scenario_format = 1;

// `name` is the file, which an error names. Error kind: input; an unknown step comes with "did you
// mean".
Expected<Scenario> scenario_from_json(const Json& value, std::string_view name);

// What steps ask of a cell.
Demands demands_of(const std::vector<Step>& steps);

// The steps as they are written, with every "$NAME" replaced from `parameters` (a cell's) or the
// parameter's fallback. Error kind: input, for a parameter that is missing or that the scenario
// does not have.
Expected<std::vector<Json>> bind_parameters(const Scenario& scenario,
                                            const std::map<std::string, std::string>& parameters);

// The same, read for the chain of no cell: what of them stands for plugins and networks has names
// of Chain::sample().
Expected<std::vector<Step>> bind_steps(const Scenario& scenario,
                                       const std::map<std::string, std::string>& parameters);

}  // namespace cni_matrix::scenario
