#include "scenario.hpp"

#include "act.hpp"
#include "step_json.hpp"
#include "story.hpp"

#include "base/format_version.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "chain/chain_names.hpp"
#include "chain/chain_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cni_matrix::scenario {

namespace {

// Where a step may have "$NAME" in place of a text.
constexpr std::array<const char*, 2> k_bound_keys = {"to", "plugin"};

bool is_reference(const Json& step, const char* key) {
  const auto found = step.find(key);
  return found != step.end() && found->is_string() &&
         found->get_ref<const std::string&>().starts_with('$');
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
Expected<void> check_references(const Scenario& scenario, const Json& step,
                                std::string_view place) {
  for (const auto* key : k_bound_keys) {
    if (is_reference(step, key)) {
      const auto text = step.at(key).get<std::string>();
      if (!scenario.parameters.contains(text.substr(1))) {
        return input_error("{}: {} is no parameter of this scenario; declare it under /parameters",
                           place, text);
      }
    }
  }
  return {};
}

// What "$NAME" stands for. Error kind: input.
Expected<std::string> value_of(const std::string& name, const Scenario& scenario,
                               const std::map<std::string, std::string>& parameters) {
  const auto& parameter = scenario.parameters.at(name);
  if (const auto given = parameters.find(name); given != parameters.end()) {
    return given->second;
  }
  if (!parameter.fallback.empty()) {
    return parameter.fallback;
  }
  return input_error(
      "scenario {}: \"{}\" is not set ({}); write {{\"scenario\": \"{}\", \"with\": "
      "{{\"{}\": [...]}}}} in the matrix or --scenario {}:{}=VALUE",
      scenario.id, name, parameter.description, scenario.id, name, scenario.id, name);
}

Expected<void> check_names(const Scenario& scenario,
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
  return {};
}

// With a chain that has everything, so that only a step that is wrong itself is refused.
Expected<Step> read_for_sample(const Json& source, const std::string& place) {
  static const chain::ChainNames names(chain::Chain::sample());
  const auto filled = names.fill(source, chain::Chain::sample());
  if (!filled) {
    return input_error("{}: {}", place, filled.error().message);
  }
  return step_from_json(*filled, place);
}

Expected<std::vector<std::string>> chain_words_of(const Json& value, std::string_view name) {
  auto words = value.value("chain", std::vector<std::string>{});
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto good = chain::check_chain_word(words[i]); !good) {
      return input_error("{}: /chain/{}: {}", name, i, good.error().message);
    }
  }
  return words;
}

Expected<void> take_node(const Json& value, const std::string& file, Scenario& scenario) {
  if (!value.contains("node")) {
    return {};
  }
  TRY_ASSIGN(scenario.node, node_of(value, file, "", scenario.id));
  if (value.at("node").is_string()) {
    TRY_ASSIGN(scenario.description, load_node(*scenario.node));
    return {};
  }
  TRY_ASSIGN(auto description,
             equipment::description_from_json(value.at("node"), file, scenario.node->at,
                                              scenario.node->file.parent_path()));
  scenario.description = std::make_shared<const equipment::NodeDescription>(std::move(description));
  return {};
}

// Each step is about what the steps before it leave.
Expected<void> check_story(const std::vector<Step>& steps, std::string_view name) {
  Story story(name);
  for (const auto& step : steps) {
    story.next();
    TRY(step.act->follow(story, step));
  }
  return {};
}

}  // namespace

Demands demands_of(const std::vector<Step>& steps) {
  Demands demands;
  for (const auto& step : steps) {
    step.act->demand(demands);
  }
  return demands;
}

Expected<Scenario> scenario_from_json(const Json& value, std::string_view name) {
  TRY(check_format(value, k_scenario_format, "scenario", name));
  TRY(check_schema(value, "scenario", name));
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
  scenario.source = value.at("steps");
  for (std::size_t i = 0; i < scenario.source.size(); ++i) {
    const auto place = fmt::format("{}: /steps/{}", name, i);
    TRY_ASSIGN(auto step, read_for_sample(scenario.source[i], place));
    TRY(check_references(scenario, scenario.source[i], place));
    scenario.steps.push_back(std::move(step));
  }
  scenario.demands = demands_of(scenario.steps);
  scenario.trace = value.value("trace", std::vector<std::string>{});
  TRY_ASSIGN(scenario.chain, chain_words_of(value, name));
  scenario.programs = value.value("programs", std::vector<std::string>{});
  if (value.contains("containerd")) {
    const auto range = VersionRange::parse(value.at("containerd").get<std::string>());
    if (!range) {
      return input_error("{}: /containerd: {}", name, range.error().message);
    }
    scenario.containerd = *range;
  }
  TRY(check_story(scenario.steps, name));
  TRY(take_node(value, std::string(name), scenario));
  return scenario;
}

bool Scenario::needs_host_port() const {
  return demands.probes_host_port && !demands.own_host_port;
}

bool Scenario::needs_recorder() const {
  return demands.faults || !trace.empty();
}

Expected<std::vector<Json>> bind_parameters(const Scenario& scenario,
                                            const std::map<std::string, std::string>& parameters) {
  TRY(check_names(scenario, parameters));
  std::vector<Json> steps(scenario.source.begin(), scenario.source.end());
  for (auto& step : steps) {
    for (const auto* key : k_bound_keys) {
      if (is_reference(step, key)) {
        TRY_ASSIGN(step[key],
                   value_of(step.at(key).get<std::string>().substr(1), scenario, parameters));
      }
    }
  }
  return steps;
}

Expected<std::vector<Step>> bind_steps(const Scenario& scenario,
                                       const std::map<std::string, std::string>& parameters) {
  TRY_ASSIGN(const auto sources, bind_parameters(scenario, parameters));
  auto steps = scenario.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (sources[i] != scenario.source[i]) {
      TRY_ASSIGN(steps[i], read_for_sample(sources[i],
                                           fmt::format("scenario {}: /steps/{}", scenario.id, i)));
    }
  }
  return steps;
}

}  // namespace cni_matrix::scenario
