#pragma once

#include <cni_matrix/scenario/outcome.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

// Steps as the executor notes them, in few words.
namespace cni_matrix::testing_support {

struct Told {
  std::string step;  // a label
  // replace-runtime, replace-plugins: the version; remove-plugin, restore-plugin: the plugin;
  // trace: the rule; damage-cache, damage-attachment: how; edit-conflist, restore-conflist: the
  // cniVersion
  std::string about;
  bool ok = false;
  std::string error;
  std::string pod{};
  std::string expect{};
};

inline scenario::Effect effect_of(const std::string& step, const std::string& about) {
  using Call = scenario::Effect::Call;
  using node::LeakClass;
  static const std::map<std::string, Call> k_calls = {{"RunPodSandbox", Call::run},
                                                      {"StopPodSandbox", Call::stop},
                                                      {"RemovePodSandbox", Call::remove}};
  static const std::map<std::pair<std::string, std::string>, LeakClass> k_taken = {
      {{"damage-cache", "delete"}, LeakClass::cached_result},
      {{"damage-attachment", "delete-lease"}, LeakClass::lease},
      {{"damage-attachment", "delete-interface"}, LeakClass::veth},
      {{"damage-attachment", "delete-rules"}, LeakClass::nat_rule}};
  scenario::Effect effect;
  if (step == "damage-cache") {
    effect.state["cached-result"] = about == "delete" ? "gone" : "damaged";
  } else if (step == "reboot") {
    effect.state["node"] = "rebooted";
  }
  if (const auto call = k_calls.find(step); call != k_calls.end()) {
    effect.call = call->second;
  } else if (const auto taken = k_taken.find({step, about}); taken != k_taken.end()) {
    effect.taken = taken->second;
  } else if (step == "trace") {
    effect.rule = about;
  } else if (step == "edit-conflist") {
    effect.cni_version = about;
  } else if (step == "restore-conflist") {
    effect.conflist_gone = false;
    effect.cni_version = about;
  } else if (step == "remove-conflist" || step == "remove-config-dir") {
    effect.conflist_gone = true;
  } else if (step == "write-config" || step == "make-config-dir") {
    effect.conflist_gone = false;
  } else if (step == "delete-netns" || step == "reboot") {
    effect.netns_gone = true;
    effect.rebooted = step == "reboot";
  } else if (step == "remove-plugin") {
    effect.plugin_gone = about;
  } else if (step == "restore-plugin") {
    effect.plugin_back = about;
  } else if (const auto version = Version::parse(about); version && step == "replace-runtime") {
    effect.containerd = *version;
  } else if (version && step == "replace-plugins") {
    effect.plugins = *version;
  }
  return effect;
}

inline scenario::StepResult step_of(const Told& told) {
  scenario::StepResult result;
  result.step = told.step;
  result.detail = told.about;
  result.ok = told.ok;
  result.error = told.error;
  result.pod = told.pod;
  result.expect = told.expect;
  result.effect = effect_of(told.step, told.about);
  return result;
}

inline std::vector<scenario::StepResult> steps_of(const std::vector<Told>& told) {
  std::vector<scenario::StepResult> steps;
  for (const auto& one : told) {
    steps.push_back(step_of(one));
  }
  return steps;
}

}  // namespace cni_matrix::testing_support
