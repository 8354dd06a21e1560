#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/recorder/faults.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Scenarios are data: scenarios/<area>/<id>.json, checked against matrix/scenario.schema.json.
namespace cni_matrix::scenario {

// The step vocabulary.
enum class StepKind {
  run,            // RunPodSandbox
  stop,           // StopPodSandbox
  remove,         // RemovePodSandbox
  status,         // PodSandboxStatus and the runtime's Status; fails when the pod is not ready
  addresses,      // every pod has one, no two the same, `in` a network or `outside` of it
  probe,          // the data plane: `probes` of a pod, `with` a second one (IPv4, IPv6)
  cycle,          // `times` run, stop and remove, until one fails
  edit_conflist,  // write the conflist in place, with cniVersion `to` (a value, "none" or "empty")
                  // or after `patch`
  remove_conflist,    // delete the file from the configuration directory
  restore_conflist,   // put it back as it was
  delete_netns,       // unmount and remove the pod's network namespace behind the runtime's back
  restart_runtime,    // SIGTERM, then start the same containerd on the same state
  replace_runtime,    // SIGTERM, then start containerd `to` on the same state; either may come with
                      // `settings`, which stay until others come
  replace_plugins,    // every plugin, or `plugin` alone, is now the one of release `to`
  remove_plugin,      // delete the executable `plugin` from the plugin directory
  restore_plugin,     // put it back
  write_config,       // a file of the configuration directory: `file`, `text`, `how`
  remove_config,      // delete `file` from there
  remove_config_dir,  // rm -r of the configuration directory, until the runtime has noticed
  make_config_dir,    // make it, with the conflist in it
  await,              // until Status says `ready` and the load status matches `load`
  damage_cache,       // the cached results of the pods' network: `how`
  delete_link,        // `link`, as `ip link delete` does
  fault,              // the recorder does it to a plugin call from now on
  clear_faults,
  kill_runtime,       // SIGKILL; restart_runtime brings it up again
  add,                // our own driver calls ADD once more for the pod's eth0
  check,              // our own driver calls CHECK for the pod's eth0
  gc,                 // our own driver collects garbage: `valid` are the pods that there should be
  damage_attachment,  // the pod's eth0, or what its plugins keep of it on the node: `how`
  kill_pause,         // SIGKILL to the process that stands for the pod
  kill_shim,          // SIGKILL to the shim that looks after that process
  refuse_create,      // the OCI runtime refuses the next container
  reboot,             // the node: processes, links, rules and /run go, /var/lib stays; then the
                      // runtime starts on that
  fill_disk,          // `what` has no byte left for data, though files can be made
  free_disk,          // it has room again
  hold_xtables_lock,  // for `milliseconds`: /run/xtables.lock is held by another process
  add_link,           // `link` on the node, one end of a veth pair, before the first pod
  use_iptables,       // `to`: the programs called iptables are of that backend, "legacy" or "nft"
  call_api,           // Status in the version `api` of CRI
};
// What damage_attachment can do, see scenario::damage_attachment().
const std::vector<std::string>& damages();
std::string_view name_of(StepKind kind);   // as scenarios write it: "run", "edit-conflist"
std::string_view label_of(StepKind kind);  // as results show it: "RunPodSandbox", "edit-conflist"

// When a step is done. `stop_failed`: only if the last `stop` before it failed, else it is passed
// over.
enum class Condition { always, stop_failed };

struct Step {
  StepKind kind = StepKind::run;
  std::string to;      // edit_conflist, replace_runtime, replace_plugins
  std::string plugin;  // remove_plugin, restore_plugin, replace_plugins, fault
  Condition condition = Condition::always;
  // The step has to fail, with an error that holds a match of this regular expression. Such a
  // failure of `run` does not end the scenario.
  std::optional<std::string> expect;
  // Which pod, by the scenario's own name. A `run` with `count` makes a group POD-1, POD-2, ...;
  // `stop`, `remove`, `status` and `probe` of a group do it to each.
  std::string pod = "pod";
  int count = 0;              // run: 0 for a single pod
  bool parallel = false;      // run: the pods of the group all at once
  std::string handler;        // run: a runtime handler of the settings in force
  bool host_network = false;  // run
  int host_port = 0;          // run: to port 80 of the pod; 0: that of the cell, if any
  std::vector<std::string> protocols = {"tcp"};    // run: of the host port: "tcp", "udp"
  std::map<std::string, std::string> annotations;  // run
  DnsConfig dns;                                   // run
  int times = 1;                                   // cycle
  bool reload = false;              // cycle: meanwhile the configuration is loaded again and again
  Json patch;                       // edit_conflist: RFC 6902, on the file as it is then
  std::vector<std::string> probes;  // empty: those that every pod should pass
  std::string with;                 // probe: the other pod
  std::string interface;            // addresses: of the pod; empty: what CRI says
  std::string in;                   // addresses: CIDR
  std::string outside;              // addresses: CIDR
  std::string dir;                  // write_config, remove_config; empty: the default one
  std::string file;                 // write_config, remove_config: a plain name
  std::string text;                 // write_config
  std::string how;                  // write_config: see scenario/configuration_files.hpp;
                                    // damage_cache: "truncate", "garbage", "delete";
                                    // damage_attachment: damages()
  std::string link;                 // add_link, delete_link
  bool ready = true;                // await
  std::string load;                 // await: a regular expression; empty: anything
  std::string message;              // await: the same, for the message of NetworkReady
  int within_ms = 0;                // await; run, stop: the call's deadline, 0: the usual one
  std::string what;                 // fill_disk, free_disk: "cache" (of results) or "ipam"
  int milliseconds = 0;             // hold_xtables_lock
  std::string api;                  // call_api: "v1", "v1alpha2"
  std::optional<std::vector<std::string>> valid;  // gc: pods or groups; absent: all that run
  std::optional<RuntimeSettings> settings;        // restart_runtime, replace_runtime
  std::optional<recorder::Fault> fault;
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
  std::string id;    // "lifecycle"
  std::string area;  // the folder it is in: "baseline"; empty for a file of the user's
  std::string title;
  std::vector<std::string> references;
  std::map<std::string, Parameter> parameters;  // "to", "to_containerd", "to_plugins", "plugin"
  std::vector<Step> steps;                      // `to` and `plugin` may still be "$NAME"
  std::vector<std::string> trace;               // rules that the exec trace has to keep
  std::vector<std::string> programs;            // that plugins call: "iptables", "nft"
  std::optional<VersionRange> containerd;       // the releases that it is about; absent: all

  // A probe of host ports needs a cell that publishes one, unless a pod of the scenario does.
  [[nodiscard]] bool needs_host_port() const;
  // The faults and the trace rules need the recorder.
  [[nodiscard]] bool needs_recorder() const;
  // Has a step that only a real daemon can be put to; why, in a few words, or empty.
  [[nodiscard]] std::string needs_daemon() const;
};

// scenarios/<area>/<id>.json of data_directory(), or `id` itself when it is a path that ends in
// ".json". Error kind: input; an unknown scenario or step comes with "did you mean".
Expected<Scenario> load_scenario(std::string_view id);

// `name` is what an error names.
Expected<Scenario> scenario_from_json(const Json& value, std::string_view name);

// The ids of data_directory()/scenarios, sorted.
Expected<std::vector<std::string>> list_scenarios();

// All of them, read and checked, by area and id.
Expected<std::vector<Scenario>> load_scenarios();

// The steps with every "$NAME" replaced from `parameters` (a cell's) or the parameter's fallback.
// Error kind: input when one is missing, or when `parameters` has one that the scenario does not
// know.
Expected<std::vector<Step>> bind_steps(const Scenario& scenario,
                                       const std::map<std::string, std::string>& parameters);

}  // namespace cni_matrix::scenario
