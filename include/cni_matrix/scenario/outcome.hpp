#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/recorder/plugin_call.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// What a step was and did, as facts for who judges it. What is absent did not change.
struct Effect {
  enum class Call { none, run, stop, remove } call = Call::none;  // the call of CRI that it was
  bool host_network = false;               // run: the pod has the node's network
  std::string rule;                        // of the trace, that was looked at
  bool host_port = false;                  // run: the pod publishes one
  std::string pod_id;                      // run: what the runtime calls it
  std::optional<std::string> cni_version;  // what the conflist says now: "none", "empty", the text
  std::optional<std::vector<std::string>> traits;  // conflist_traits() of it
  std::optional<bool> conflist_gone;
  std::string config_file;                 // beside the conflist, that was written or removed
  std::vector<std::string> config_traits;  // of it; empty: it is gone, or no runtime can load it
  std::string config_network;              // of it: its name
  std::optional<Version> containerd;       // what runs now
  std::optional<Version> plugins;          // all of them, now
  std::string plugins_token;               // what the scenario calls them
  std::string plugin_gone;
  std::string plugin_back;
  std::optional<node::LeakClass> taken;  // from a pod, behind its plugins' back
  bool netns_gone = false;
  bool rebooted = false;
  // How something is from now on, by its name (matrix/known-behaviours.schema.json, "state"): the
  // "addresses" of the pod are "gone", "iptables" is "legacy".
  std::map<std::string, std::string> state;
  std::int64_t begin_ns = 0;  // CLOCK_MONOTONIC, as that of the recorded calls
  std::int64_t end_ns = 0;
};

// One step of a scenario as it went.
struct StepResult {
  std::string step;    // StepKind::label: "RunPodSandbox", "StopPodSandbox", "edit-conflist", ...
  std::string detail;  // for people: what it was about, beside the pod; often empty
  bool ok = false;
  std::string code;   // gRPC status name of a runtime's refusal
  std::string error;  // its message as it came
  std::int64_t wall_us = 0;
  std::string pod{};     // the scenario's name of it; empty where there is but one
  std::string expect{};  // the scenario says that it fails, with a match of this
  Effect effect{};       // empty in a run that was saved
};

// What a scenario came to on its node.
struct Outcome {
  std::vector<StepResult> steps;
  std::optional<node::Inventory> after_run;  // what the running pod added; absent when run failed
  node::Inventory leftover;  // what was there after the last step and not before the first
  std::optional<NetworkStatus> network;  // CRI Status after a failed run or an edit
  std::vector<Json> conflists;           // every network configuration that the runtime was given
  std::map<std::string, std::int64_t>
      netns_gone_ns;  // by path: when it was removed, CLOCK_MONOTONIC
  std::vector<recorder::Interruption>
      interruptions;  // steps that ended processes, or ended at a deadline
};

}  // namespace cni_matrix::scenario
