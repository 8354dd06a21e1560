#include "effects_json.hpp"

#include <cni_matrix/node/inventory.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cni_matrix::run {

namespace {

using scenario::Effect;

Json to_json(const Effect& effect) {
  Json value = {{"call", static_cast<int>(effect.call)},
                {"host_network", effect.host_network},
                {"host_port", effect.host_port},
                {"rule", effect.rule},
                {"plugin_gone", effect.plugin_gone},
                {"plugin_back", effect.plugin_back},
                {"netns_gone", effect.netns_gone},
                {"rebooted", effect.rebooted},
                {"pod_id", effect.pod_id},
                {"plugins_token", effect.plugins_token},
                {"state", effect.state},
                {"begin_ns", effect.begin_ns},
                {"end_ns", effect.end_ns}};
  if (effect.cni_version) {
    value["cni_version"] = *effect.cni_version;
  }
  if (effect.traits) {
    value["traits"] = *effect.traits;
  }
  if (!effect.config_file.empty()) {
    value["config_file"] = effect.config_file;
    value["config_traits"] = effect.config_traits;
    value["config_network"] = effect.config_network;
  }
  if (effect.conflist_gone) {
    value["conflist_gone"] = *effect.conflist_gone;
  }
  if (effect.containerd) {
    value["containerd"] = effect.containerd->str();
  }
  if (effect.plugins) {
    value["plugins"] = effect.plugins->str();
  }
  if (effect.taken) {
    value["taken"] = node::name_of(*effect.taken);
  }
  return value;
}

std::optional<Version> version_at(const Json& value, const char* key) {
  if (!value.contains(key)) {
    return std::nullopt;
  }
  const auto version = Version::parse(value.at(key).get<std::string>());
  return version ? std::optional(*version) : std::nullopt;
}

Effect effect_from_json(const Json& value) {
  Effect effect;
  effect.call = static_cast<Effect::Call>(value.at("call").get<int>());
  effect.host_network = value.at("host_network").get<bool>();
  effect.host_port = value.at("host_port").get<bool>();
  effect.rule = value.at("rule").get<std::string>();
  effect.plugin_gone = value.at("plugin_gone").get<std::string>();
  effect.plugin_back = value.at("plugin_back").get<std::string>();
  effect.netns_gone = value.at("netns_gone").get<bool>();
  effect.rebooted = value.at("rebooted").get<bool>();
  effect.pod_id = value.at("pod_id").get<std::string>();
  effect.plugins_token = value.at("plugins_token").get<std::string>();
  effect.state = value.at("state").get<std::map<std::string, std::string>>();
  effect.begin_ns = value.at("begin_ns").get<std::int64_t>();
  effect.end_ns = value.at("end_ns").get<std::int64_t>();
  if (value.contains("cni_version")) {
    effect.cni_version = value.at("cni_version").get<std::string>();
  }
  if (value.contains("traits")) {
    effect.traits = value.at("traits").get<std::vector<std::string>>();
  }
  if (value.contains("config_file")) {
    effect.config_file = value.at("config_file").get<std::string>();
    effect.config_traits = value.at("config_traits").get<std::vector<std::string>>();
    effect.config_network = value.at("config_network").get<std::string>();
  }
  if (value.contains("conflist_gone")) {
    effect.conflist_gone = value.at("conflist_gone").get<bool>();
  }
  effect.containerd = version_at(value, "containerd");
  effect.plugins = version_at(value, "plugins");
  for (const auto leak : node::k_leak_classes) {
    if (value.value("taken", "") == node::name_of(leak)) {
      effect.taken = leak;
    }
  }
  return effect;
}

}  // namespace

Json effects_to_json(const std::vector<scenario::StepResult>& steps) {
  Json list = Json::array();
  for (const auto& step : steps) {
    list.push_back(to_json(step.effect));
  }
  return list;
}

Expected<void> take_effects(const Json& value, std::vector<scenario::StepResult>& steps) {
  if (!value.is_array() || value.size() != steps.size()) {
    return input_error("the worker's result has not an effect for each of its steps");
  }
  try {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i].effect = effect_from_json(value[i]);
    }
  } catch (const Json::exception& error) {
    return input_error("the worker's result: {}", error.what());
  }
  return {};
}

}  // namespace cni_matrix::run
