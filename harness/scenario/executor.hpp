#pragma once

#include "conflist_file.hpp"
#include "step.hpp"

#include "cni/profile.hpp"
#include "equipment/description.hpp"
#include "recorder/collector.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::scenario {

// What the steps "replace-runtime" and "replace-plugins" change to, by token; "" is what the cell
// starts with.
struct RuntimeChoice {
  std::string version;  // resolved: "1.6.20"
  std::function<Expected<std::unique_ptr<PodRuntime>>(const RuntimeSettings&)> make;
  std::optional<cni::Profile> profile;  // for the steps of our own caller of libcni: add, check, gc
};
struct PluginChoice {
  std::string version;
  std::filesystem::path folder;                   // as the node sees it
  std::vector<std::filesystem::path> overlays{};  // whose plugins win, the last ones most
};

struct Setup {
  std::vector<Step> steps;  // bound: no "$NAME" left
  ConflistFile conflist;
  PodSpec pod;
  std::map<std::string, RuntimeChoice> runtimes;
  std::map<std::string, PluginChoice> plugins;
  recorder::Collector* collector = nullptr;  // of the plugin calls; null: they are not recorded
  bool mark_chain = false;  // make KUBE-MARK-MASQ in both nat tables before the first step
  std::chrono::milliseconds call_timeout{60'000};  // of a call by our own caller of libcni
  std::function<void(const std::string& step)> progress;
  std::vector<std::string> lease_roots{};  // of every configuration that the node comes to have
  std::vector<std::string> nics{};         // that the node has beside its uplink: their names
  const equipment::NodeDescription* node = nullptr;  // what it has beside; null: nothing
};

// Do the steps, inside a node. A runtime's refusal is a result; an Error is trouble of the harness
// or of the machine: kind broken, or unavailable (a program or a feature of the kernel is missing).
Expected<Outcome> execute(const Setup& setup);

}  // namespace cni_matrix::scenario
