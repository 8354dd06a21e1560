#include "order.hpp"

#include "base/ip_range.hpp"
#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "runtime/settings_json.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/scenario/scenario.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <system_error>

namespace cni_matrix::scenario {

namespace {

// `needs` and `allows`: the keys that a step has beside "step", "if" and "expect".
struct StepName {
  StepKind kind;
  std::string_view name;
  std::string_view label;
  std::vector<std::string_view> needs;
  std::vector<std::string_view> allows;
};

const std::vector<StepName>& all_steps() {
  using S = StepKind;
  static const std::vector<StepName> steps = {
      {S::run,
       "run",
       "RunPodSandbox",
       {},
       {"pod", "count", "parallel", "handler", "hostNetwork", "hostPort", "protocols",
        "annotations", "dns", "withinMs"}},
      {S::stop, "stop", "StopPodSandbox", {}, {"pod", "withinMs"}},
      {S::remove, "remove", "RemovePodSandbox", {}, {"pod"}},
      {S::status, "status", "PodSandboxStatus", {}, {"pod"}},
      {S::addresses, "addresses", "addresses", {}, {"pod", "interface", "in", "outside"}},
      {S::probe, "probe", "probe", {}, {"pod", "probes", "with"}},
      {S::cycle, "cycle", "cycle", {"times"}, {"pod", "reload"}},
      {S::edit_conflist, "edit-conflist", "edit-conflist", {}, {"to", "patch"}},
      {S::remove_conflist, "remove-conflist", "remove-conflist", {}, {}},
      {S::restore_conflist, "restore-conflist", "restore-conflist", {}, {}},
      {S::delete_netns, "delete-netns", "delete-netns", {}, {"pod"}},
      {S::restart_runtime, "restart-runtime", "restart-runtime", {}, {"settings"}},
      {S::replace_runtime, "replace-runtime", "replace-runtime", {"to"}, {"settings"}},
      {S::replace_plugins, "replace-plugins", "replace-plugins", {"to"}, {"plugin"}},
      {S::remove_plugin, "remove-plugin", "remove-plugin", {"plugin"}, {}},
      {S::restore_plugin, "restore-plugin", "restore-plugin", {"plugin"}, {}},
      {S::write_config, "write-config", "write-config", {"file", "text"}, {"how", "dir"}},
      {S::remove_config, "remove-config", "remove-config", {"file"}, {"dir"}},
      {S::remove_config_dir, "remove-config-dir", "remove-config-dir", {}, {}},
      {S::make_config_dir, "make-config-dir", "make-config-dir", {}, {}},
      {S::await, "await", "await", {}, {"ready", "load", "message", "withinMs"}},
      {S::damage_cache, "damage-cache", "damage-cache", {"how"}, {}},
      {S::delete_link, "delete-link", "delete-link", {"link"}, {}},
      {S::fault,
       "fault",
       "fault",
       {"plugin", "do"},
       {"on", "call", "code", "message", "details", "text", "status", "milliseconds"}},
      {S::clear_faults, "clear-faults", "clear-faults", {}, {}},
      {S::kill_runtime, "kill-runtime", "kill-runtime", {}, {}},
      {S::add, "add", "add", {}, {"pod"}},
      {S::check, "check", "check", {}, {"pod"}},
      {S::gc, "gc", "gc", {}, {"valid"}},
      {S::damage_attachment, "damage-attachment", "damage-attachment", {"how"}, {"pod"}},
      {S::kill_pause, "kill-pause", "kill-pause", {}, {"pod"}},
      {S::kill_shim, "kill-shim", "kill-shim", {}, {"pod"}},
      {S::refuse_create, "refuse-create", "refuse-create", {}, {}},
      {S::reboot, "reboot", "reboot", {}, {}},
      {S::fill_disk, "fill-disk", "fill-disk", {"what"}, {}},
      {S::free_disk, "free-disk", "free-disk", {"what"}, {}},
      {S::hold_xtables_lock, "hold-xtables-lock", "hold-xtables-lock", {"milliseconds"}, {}},
      {S::add_link, "add-link", "add-link", {"link"}, {}},
      {S::use_iptables, "use-iptables", "use-iptables", {"to"}, {}},
      {S::call_api, "call-api", "call-api", {"api"}, {}},
  };
  return steps;
}

const StepName& step_of(StepKind kind) {
  return *std::find_if(all_steps().begin(), all_steps().end(),
                       [kind](const StepName& step) { return step.kind == kind; });
}

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const auto& step : all_steps()) {
    names.emplace_back(step.name);
  }
  return names;
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

bool holds(const std::vector<std::string_view>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// A step has the keys that it needs, and none that it does not know.
Expected<void> check_keys(const Json& value, const StepName& step, std::string_view place) {
  for (const auto key : step.needs) {
    if (!value.contains(key)) {
      return input_error("{}: the step {} needs \"{}\"", place, step.name, key);
    }
  }
  for (const auto& [key, unused] : value.items()) {
    if (key != "step" && key != "if" && key != "expect" && !holds(step.needs, key) &&
        !holds(step.allows, key)) {
      return input_error("{}: the step {} takes no \"{}\"", place, step.name, key);
    }
  }
  return {};
}

Expected<void> check_regex(const std::string& text, std::string_view place) {
  if (const auto problem = regex_problem(text); !problem.empty()) {
    return input_error("{}: not a regular expression: {}", place, problem);
  }
  return {};
}

constexpr int k_longest_hold_ms = 60'000;
constexpr int k_await_ms = 2'000;

Expected<void> check_values(const Step& step, std::string_view place) {
  if (step.kind == StepKind::edit_conflist && step.to.empty() == step.patch.is_null()) {
    return input_error("{}: the step edit-conflist needs either \"to\" or \"patch\"", place);
  }
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), step.how) != words.end();
  };
  if (step.kind == StepKind::write_config &&
      !is_one_of({"write", "rename", "move-in", "symlink", "symlink-swap", "configmap"})) {
    return input_error(
        "{}/how: write, rename, move-in, symlink, symlink-swap or configmap, not \"{}\"", place,
        step.how);
  }
  if (step.kind == StepKind::damage_cache && !is_one_of({"truncate", "garbage", "delete"})) {
    return input_error("{}/how: truncate, garbage or delete, not \"{}\"", place, step.how);
  }
  if (step.kind == StepKind::damage_attachment &&
      std::find(damages().begin(), damages().end(), step.how) == damages().end()) {
    return input_error("{}/how: there is no damage \"{}\"{}", place, step.how,
                       suggestion(step.how, damages()));
  }
  constexpr std::size_t k_longest_link = 11;  // IFNAMSIZ, the \0 and "-far"
  if (step.kind == StepKind::add_link && step.link.size() > k_longest_link) {
    return input_error("{}/link: at most {} characters", place, k_longest_link);
  }
  if (step.kind == StepKind::use_iptables && step.to != "legacy" && step.to != "nft") {
    return input_error("{}/to: legacy or nft, not \"{}\"", place, step.to);
  }
  if (step.kind == StepKind::hold_xtables_lock &&
      (step.milliseconds < 1 || step.milliseconds > k_longest_hold_ms)) {
    return input_error("{}/milliseconds: 1 to {}, not {}", place, k_longest_hold_ms,
                       step.milliseconds);
  }
  if (step.parallel && step.count == 0) {
    return input_error("{}: \"parallel\" needs a \"count\" of pods", place);
  }
  const auto& probes = step.probes;
  if (std::find(probes.begin(), probes.end(), "pod-to-pod") != probes.end() &&
      (step.with.empty() || step.with == step.pod)) {
    return input_error("{}: the probe pod-to-pod needs another pod in \"with\"", place);
  }
  if (step.parallel && step.within_ms > 0) {
    return input_error("{}: \"parallel\" and \"withinMs\" do not go together", place);
  }
  for (const auto& [key, network] : {std::pair{"in", step.in}, {"outside", step.outside}}) {
    if (network.empty()) {
      continue;
    }
    if (const auto range = IpRange::parse(network); !range) {
      return input_error("{}/{}: {}", place, key, range.error().message);
    }
  }
  return {};
}

Expected<Step> step_from_json(const Json& value, const Scenario& scenario, std::string_view place) {
  const auto name = value.at("step").get<std::string>();
  const auto known = std::find_if(all_steps().begin(), all_steps().end(),
                                  [&name](const StepName& step) { return step.name == name; });
  if (known == all_steps().end()) {
    return input_error("{}/step: there is no step \"{}\"{}", place, name,
                       suggestion(name, step_names()));
  }
  CNI_MATRIX_TRY(check_keys(value, *known, place));
  Step step;
  step.kind = known->kind;
  step.to = value.value("to", "");
  step.plugin = value.value("plugin", "");
  step.condition = value.contains("if") ? Condition::stop_failed : Condition::always;
  if (value.contains("expect")) {
    step.expect = value.at("expect").get<std::string>();
    CNI_MATRIX_TRY(check_regex(*step.expect, fmt::format("{}/expect", place)));
  }
  step.pod = value.value("pod", "pod");
  step.count = value.value("count", 0);
  step.parallel = value.value("parallel", false);
  step.handler = value.value("handler", "");
  step.host_network = value.value("hostNetwork", false);
  step.host_port = value.value("hostPort", 0);
  step.annotations = value.value("annotations", step.annotations);
  if (value.contains("dns")) {
    const auto& dns = value.at("dns");
    step.dns = {dns.value("servers", std::vector<std::string>{}),
                dns.value("searches", std::vector<std::string>{}),
                dns.value("options", std::vector<std::string>{})};
  }
  step.times = value.value("times", 1);
  step.reload = value.value("reload", false);
  step.patch = value.value("patch", Json());
  step.probes = value.value("probes", std::vector<std::string>{});
  step.with = value.value("with", "");
  step.interface = value.value("interface", "");
  step.in = value.value("in", "");
  step.outside = value.value("outside", "");
  step.dir = value.value("dir", "");
  step.file = value.value("file", "");
  step.text = value.value("text", "");
  step.how = value.value("how", step.kind == StepKind::write_config ? "write" : "");
  step.link = value.value("link", "");
  step.ready = value.value("ready", true);
  step.load = value.value("load", "");
  if (value.contains("valid")) {
    step.valid = value.at("valid").get<std::vector<std::string>>();
  }
  step.within_ms = value.value("withinMs", step.kind == StepKind::await ? k_await_ms : 0);
  step.protocols = value.value("protocols", step.protocols);
  step.what = value.value("what", "");
  step.milliseconds = value.value("milliseconds", 0);
  step.api = value.value("api", "");
  if (value.contains("settings")) {
    CNI_MATRIX_TRY_ASSIGN(
        step.settings, settings_from_json(value.at("settings"), fmt::format("{}/settings", place)));
  }
  CNI_MATRIX_TRY(check_regex(step.load, fmt::format("{}/load", place)));
  if (step.kind == StepKind::await) {
    step.message = value.value("message", "");
    CNI_MATRIX_TRY(check_regex(step.message, fmt::format("{}/message", place)));
  }
  CNI_MATRIX_TRY(check_values(step, place));
  if (step.kind == StepKind::fault) {
    auto fault = value;
    fault.erase("expect");
    CNI_MATRIX_TRY_ASSIGN(step.fault, recorder::fault_from_json(fault, place));
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

const std::vector<std::string>& damages() {
  static const std::vector<std::string> k_damages = {"flush-address", "delete-routes",
                                                     "link-down",     "delete-interface",
                                                     "delete-lease",  "delete-rules"};
  return k_damages;
}

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
  scenario.trace = value.value("trace", std::vector<std::string>{});
  scenario.programs = value.value("programs", std::vector<std::string>{});
  if (value.contains("containerd")) {
    const auto range = VersionRange::parse(value.at("containerd").get<std::string>());
    if (!range) {
      return input_error("{}: /containerd: {}", name, range.error().message);
    }
    scenario.containerd = *range;
  }
  CNI_MATRIX_TRY(check_order(scenario, name));
  return scenario;
}

bool Scenario::needs_host_port() const {
  const bool has_its_own = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.kind == StepKind::run && step.host_port > 0;
  });
  return !has_its_own && std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return std::any_of(step.probes.begin(), step.probes.end(), [](const std::string& probe) {
      return probe.find("host-port") != std::string::npos;
    });
  });
}

bool Scenario::needs_recorder() const {
  return !trace.empty() || std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.kind == StepKind::fault;
  });
}

std::string Scenario::needs_daemon() const {
  for (const auto& step : steps) {
    if (step.fault && (step.fault->action == recorder::FaultAction::kill_runtime_before ||
                       step.fault->action == recorder::FaultAction::kill_runtime_after)) {
      return "containerd is killed in the middle of a plugin call";
    }
    if (step.kind == StepKind::refuse_create) {
      return "the OCI runtime refuses a container";
    }
    if (step.reload) {
      return "the configuration is loaded in the middle of plugin calls";
    }
  }
  return {};
}

namespace {

// The scenario files of data_directory() by id.
Expected<std::map<std::string, std::filesystem::path>> scenario_files() {
  namespace fs = std::filesystem;
  const auto directory = data_directory() / "scenarios";
  std::map<std::string, fs::path> files;
  std::error_code error;
  for (auto area = fs::directory_iterator(directory, error);
       !error && area != fs::directory_iterator(); area.increment(error)) {
    if (!area->is_directory(error) || area->path().filename() == "conflists") {
      continue;
    }
    for (auto entry = fs::directory_iterator(area->path(), error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (entry->path().extension() == ".json") {
        files[entry->path().stem().string()] = entry->path();
      }
    }
  }
  if (error) {
    return input_error(
        "{}: cannot be read: {}; set CNI_MATRIX_DATA to the folder that has "
        "scenarios/ and matrix/",
        directory.string(), error.message());
  }
  return files;
}

}  // namespace

Expected<Scenario> load_scenario(std::string_view id) {
  if (id.ends_with(".json")) {
    const std::filesystem::path file(id);
    CNI_MATRIX_TRY_ASSIGN(const auto value, load_json(file));
    return scenario_from_json(value, file.string());
  }
  CNI_MATRIX_TRY_ASSIGN(const auto files, scenario_files());
  const auto found = files.find(std::string(id));
  if (found == files.end()) {
    CNI_MATRIX_TRY_ASSIGN(const auto ids, list_scenarios());
    return input_error("there is no scenario \"{}\"{}", id, suggestion(id, ids));
  }
  CNI_MATRIX_TRY_ASSIGN(const auto value, load_json(found->second));
  CNI_MATRIX_TRY_ASSIGN(auto scenario, scenario_from_json(value, found->second.string()));
  scenario.area = found->second.parent_path().filename().string();
  if (scenario.id != id) {
    return input_error("{}: at /id: \"{}\" is not the file's name", found->second.string(),
                       scenario.id);
  }
  return scenario;
}

Expected<std::vector<std::string>> list_scenarios() {
  CNI_MATRIX_TRY_ASSIGN(const auto files, scenario_files());
  std::vector<std::string> ids;
  for (const auto& [id, file] : files) {
    ids.push_back(id);
  }
  return ids;
}

Expected<std::vector<Scenario>> load_scenarios() {
  CNI_MATRIX_TRY_ASSIGN(const auto ids, list_scenarios());
  std::vector<Scenario> scenarios;
  for (const auto& id : ids) {
    CNI_MATRIX_TRY_ASSIGN(auto scenario, load_scenario(id));
    scenarios.push_back(std::move(scenario));
  }
  std::stable_sort(scenarios.begin(), scenarios.end(),
                   [](const Scenario& a, const Scenario& b) { return a.area < b.area; });
  return scenarios;
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
    if (step.fault) {
      step.fault->plugin = step.plugin;
    }
  }
  return steps;
}

}  // namespace cni_matrix::scenario
