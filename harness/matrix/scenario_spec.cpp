#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/text.hpp>
#include <cni_matrix/matrix/scenario_spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

namespace cni_matrix::matrix {

namespace {

enum class Takes { nothing, to, plugin };

struct StepName {
  StepKind kind;
  std::string_view name;
  std::string_view label;
  Takes takes;
};

constexpr std::array k_steps = {
    StepName{StepKind::run, "run", "RunPodSandbox", Takes::nothing},
    StepName{StepKind::stop, "stop", "StopPodSandbox", Takes::nothing},
    StepName{StepKind::remove, "remove", "RemovePodSandbox", Takes::nothing},
    StepName{StepKind::status, "status", "PodSandboxStatus", Takes::nothing},
    StepName{StepKind::probe, "probe", "probe", Takes::nothing},
    StepName{StepKind::edit_conflist, "edit-conflist", "edit-conflist", Takes::to},
    StepName{StepKind::remove_conflist, "remove-conflist", "remove-conflist", Takes::nothing},
    StepName{StepKind::restore_conflist, "restore-conflist", "restore-conflist", Takes::nothing},
    StepName{StepKind::delete_netns, "delete-netns", "delete-netns", Takes::nothing},
    StepName{StepKind::restart_runtime, "restart-runtime", "restart-runtime", Takes::nothing},
    StepName{StepKind::replace_runtime, "replace-runtime", "replace-runtime", Takes::to},
    StepName{StepKind::replace_plugins, "replace-plugins", "replace-plugins", Takes::to},
    StepName{StepKind::remove_plugin, "remove-plugin", "remove-plugin", Takes::plugin},
    StepName{StepKind::restore_plugin, "restore-plugin", "restore-plugin", Takes::plugin},
};

const StepName& step_of(StepKind kind) {
  return *std::find_if(k_steps.begin(), k_steps.end(),
                       [kind](const StepName& step) { return step.kind == kind; });
}

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const auto& step : k_steps) {
    names.emplace_back(step.name);
  }
  return names;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const auto similar = did_you_mean(word, candidates);
  return similar.empty() ? fmt::format("; there are {}", fmt::join(candidates, ", ")) : similar;
}

ParameterKind parameter_kind(const std::string& text) {
  if (text == "containerd") {
    return ParameterKind::containerd;
  }
  if (text == "plugins") {
    return ParameterKind::plugins;
  }
  return text == "plugin" ? ParameterKind::plugin : ParameterKind::cni_version;
}

// Error kind: input when "$NAME" names no parameter.
Expected<void> check_reference(const Scenario& scenario, const std::string& text,
                               std::string_view place) {
  if (text.empty() || text.front() != '$' || scenario.parameters.contains(text.substr(1))) {
    return {};
  }
  return input_error("{}: {} is no parameter of this scenario; declare it under /parameters", place,
                     text);
}

Expected<Step> step_from_json(const Json& value, const Scenario& scenario, std::string_view place) {
  const auto name = value.at("step").get<std::string>();
  const auto known = std::find_if(k_steps.begin(), k_steps.end(),
                                  [&name](const StepName& step) { return step.name == name; });
  if (known == k_steps.end()) {
    return input_error("{}/step: there is no step \"{}\"{}", place, name,
                       suggestion(name, step_names()));
  }
  Step step;
  step.kind = known->kind;
  step.to = value.value("to", "");
  step.plugin = value.value("plugin", "");
  step.condition = value.contains("if") ? Condition::stop_failed : Condition::always;
  if ((known->takes == Takes::to) == step.to.empty()) {
    return input_error("{}: the step {} {} \"to\"", place, name,
                       step.to.empty() ? "needs" : "takes no");
  }
  if ((known->takes == Takes::plugin) == step.plugin.empty()) {
    return input_error("{}: the step {} {} \"plugin\"", place, name,
                       step.plugin.empty() ? "needs" : "takes no");
  }
  CNI_MATRIX_TRY(check_reference(scenario, step.to, place));
  CNI_MATRIX_TRY(check_reference(scenario, step.plugin, place));
  return step;
}

// Replace "$NAME". Error kind: input.
Expected<void> bind(std::string& text, const Scenario& scenario,
                    const std::map<std::string, std::string>& parameters) {
  if (text.empty() || text.front() != '$') {
    return {};
  }
  const auto name = text.substr(1);
  const auto& parameter = scenario.parameters.at(name);
  if (const auto given = parameters.find(name); given != parameters.end()) {
    text = given->second;
  } else if (!parameter.fallback.empty()) {
    text = parameter.fallback;
  } else {
    return input_error(
        "scenario {}: \"{}\" is not set ({}); write {{\"scenario\": \"{}\", \"with\": "
        "{{\"{}\": [...]}}}} in the matrix or --scenario {}:{}=VALUE",
        scenario.id, name, parameter.description, scenario.id, name, scenario.id, name);
  }
  return {};
}

}  // namespace

std::string_view name_of(StepKind kind) {
  return step_of(kind).name;
}

std::string_view label_of(StepKind kind) {
  return step_of(kind).label;
}

Expected<Scenario> scenario_from_json(const Json& value, std::string_view name) {
  CNI_MATRIX_TRY(check_schema(value, "scenario", name));
  Scenario scenario;
  scenario.id = value.at("id").get<std::string>();
  scenario.title = value.at("title").get<std::string>();
  scenario.references = value.value("references", std::vector<std::string>{});
  if (value.contains("parameters")) {
    for (const auto& [key, parameter] : value.at("parameters").items()) {
      scenario.parameters[key] =
          Parameter{parameter_kind(parameter.at("kind").get<std::string>()),
                    parameter.at("description").get<std::string>(), parameter.value("default", "")};
    }
  }
  const auto& steps = value.at("steps");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CNI_MATRIX_TRY_ASSIGN(
        auto step, step_from_json(steps[i], scenario, fmt::format("{}: /steps/{}", name, i)));
    scenario.steps.push_back(std::move(step));
  }
  return scenario;
}

Expected<Scenario> load_scenario(std::string_view id) {
  auto file = data_directory() / "scenarios" / (std::string(id) + ".json");
  if (id.ends_with(".json")) {
    file = std::filesystem::path(id);
  } else {
    std::error_code ignored;
    if (id.empty() || id.find('/') != std::string_view::npos ||
        !std::filesystem::exists(file, ignored)) {
      CNI_MATRIX_TRY_ASSIGN(const auto ids, list_scenarios());
      return input_error("there is no scenario \"{}\"{}", id, suggestion(id, ids));
    }
  }
  CNI_MATRIX_TRY_ASSIGN(const auto value, load_json(file));
  return scenario_from_json(value, file.string());
}

Expected<std::vector<std::string>> list_scenarios() {
  const auto directory = data_directory() / "scenarios";
  std::vector<std::string> ids;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".json") {
      ids.push_back(entry->path().stem().string());
    }
  }
  if (error) {
    return input_error(
        "{}: cannot be read: {}; set CNI_MATRIX_DATA to the folder that has "
        "scenarios/ and matrix/",
        directory.string(), error.message());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Expected<std::vector<Step>> bind_steps(const Scenario& scenario,
                                       const std::map<std::string, std::string>& parameters) {
  for (const auto& [name, value] : parameters) {
    if (!scenario.parameters.contains(name)) {
      std::vector<std::string> names;
      for (const auto& [known, parameter] : scenario.parameters) {
        names.push_back(known);
      }
      return input_error("scenario {} has no parameter \"{}\"{}", scenario.id, name,
                         names.empty() ? "; it has none at all" : suggestion(name, names));
    }
  }
  auto steps = scenario.steps;
  for (auto& step : steps) {
    CNI_MATRIX_TRY(bind(step.to, scenario, parameters));
    CNI_MATRIX_TRY(bind(step.plugin, scenario, parameters));
  }
  return steps;
}

}  // namespace cni_matrix::matrix
