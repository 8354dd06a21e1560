#include "base/names.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/run/result.hpp>

#include <csignal>
#include <utility>

namespace cni_matrix::run {

namespace {

// Texts that are empty are left out: most cells pass and have none.
void put_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) {
    object[key] = printable(text);
  }
}

std::string text_of(const Json& object, const char* key) {
  return object.value(key, std::string());
}

// nlohmann's exceptions, which say what is missing, as an error that names what was being read.
template <typename Read>
auto reading(std::string_view what, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const Json::exception& error) {
    std::string text = error.what();
    if (const auto end = text.find("] "); end != std::string::npos) {
      text = text.substr(end + 2);
    }
    return input_error("{}: {}", what, text);
  }
}

Json to_json(const artifacts::Artifact& artifact) {
  Json value = {{"component", artifacts::name_of(artifact.component)},
                {"token", artifact.token},
                {"provider", artifact.provider},
                {"version", artifact.version.str()},
                {"binaries", artifact.binaries}};
  if (artifact.as_labelled) {
    value["as_labelled"] = true;
  }
  put_text(value, "told_version", artifact.told_version);
  put_text(value, "package_version", artifact.package_version);
  put_text(value, "source", artifact.source);
  put_text(value, "sha256", artifact.sha256);
  put_text(value, "directory", artifact.directory.string());
  if (artifact.built_with) {
    value["built_with"] = *artifact.built_with;
  }
  for (const auto& overlay : artifact.overlays) {
    value["overlays"].push_back(to_json(overlay));
  }
  return value;
}

Expected<artifacts::Artifact> artifact_from_json(const Json& value) {
  artifacts::Artifact artifact;
  const auto name = value.at("component").get<std::string>();
  const auto component = artifacts::parse_component(name);
  if (!component) {
    return input_error("artifact: no component is called '{}'", printable(name));
  }
  artifact.component = *component;
  artifact.token = value.at("token").get<std::string>();
  artifact.provider = value.at("provider").get<std::string>();
  TRY_ASSIGN(artifact.version, Version::parse(value.at("version").get<std::string>()));
  artifact.binaries = value.at("binaries").get<std::map<std::string, std::string>>();
  artifact.as_labelled = value.value("as_labelled", false);
  artifact.told_version = text_of(value, "told_version");
  artifact.package_version = text_of(value, "package_version");
  artifact.source = text_of(value, "source");
  artifact.sha256 = text_of(value, "sha256");
  artifact.directory = text_of(value, "directory");
  if (value.contains("built_with")) {
    artifact.built_with = value.at("built_with").get<artifacts::Modules>();
  }
  for (const auto& overlay : value.value("overlays", Json::array())) {
    TRY_ASSIGN(auto read, artifact_from_json(overlay));
    artifact.overlays.push_back(std::move(read));
  }
  return artifact;
}

Json to_json(const StepResult& step) {
  Json value = {{"step", step.step}, {"ok", step.ok}, {"wall_us", step.wall_us}};
  put_text(value, "pod", step.pod);
  put_text(value, "detail", step.detail);
  put_text(value, "expect", step.expect);
  put_text(value, "code", step.code);
  put_text(value, "error", step.error);
  return value;
}

StepResult step_from_json(const Json& value) {
  StepResult step;
  step.step = value.at("step").get<std::string>();
  step.ok = value.at("ok").get<bool>();
  step.wall_us = value.value("wall_us", std::int64_t{0});
  step.pod = text_of(value, "pod");
  step.detail = text_of(value, "detail");
  step.expect = text_of(value, "expect");
  step.code = text_of(value, "code");
  step.error = text_of(value, "error");
  return step;
}

Json to_json(const NetworkStatus& status) {
  Json value = {{"network_ready", status.network_ready}, {"configuration", status.configuration}};
  put_text(value, "reason", status.reason);
  put_text(value, "message", status.message);
  value["load_status"] = Json::object();
  for (const auto& [name, text] : status.load_status) {
    value["load_status"][name] = printable(text);
  }
  return value;
}

NetworkStatus network_status_from_json(const Json& value) {
  NetworkStatus status;
  status.network_ready = value.at("network_ready").get<bool>();
  status.reason = text_of(value, "reason");
  status.message = text_of(value, "message");
  status.load_status = value.value("load_status", std::map<std::string, std::string>());
  status.configuration = value.value("configuration", Json());
  return status;
}

Json to_json(const CpuTime& cpu) {
  return {{"total_us", cpu.total_us}, {"harness_us", cpu.harness_us}};
}

CpuTime cpu_from_json(const Json& value) {
  return {value.at("total_us").get<std::int64_t>(), value.at("harness_us").get<std::int64_t>()};
}

}  // namespace

Json to_json(const CellResult& result) {
  Json value = {{"cell", matrix::to_json(result.cell)},
                {"verdict", name_of(result.verdict)},
                {"steps", Json::array()},
                {"leftover", node::to_json(result.leftover)},
                {"wall_us", result.wall_us},
                {"cpu", to_json(result.cpu)}};
  put_text(value, "runtime", result.runtime);
  put_text(value, "containerd_version", result.containerd_version);
  put_text(value, "plugins_version", result.plugins_version);
  put_text(value, "reason", result.reason);
  put_text(value, "modelled_because", result.modelled_because);
  put_text(value, "assumed", result.assumed);
  put_text(value, "remedy", result.remedy);
  put_text(value, "log", result.log);
  if (!result.known.empty()) {
    value["known"] = result.known;
  }
  if (!result.denied.empty()) {
    value["denied"] = result.denied;
  }
  if (result.containerd) {
    value["containerd"] = to_json(*result.containerd);
  }
  if (result.plugins) {
    value["plugins"] = to_json(*result.plugins);
  }
  for (const auto& step : result.steps) {
    value["steps"].push_back(to_json(step));
  }
  if (result.after_run) {
    value["after_run"] = node::to_json(*result.after_run);
  }
  if (result.network) {
    value["network"] = to_json(*result.network);
  }
  for (const auto& call : result.trace) {
    value["trace"].push_back(recorder::to_json(call));
  }
  return value;
}

Expected<CellResult> cell_result_from_json(const Json& value) {
  return reading("cell result", [&]() -> Expected<CellResult> {
    CellResult result;
    TRY_ASSIGN(result.cell, matrix::cell_from_json(value.at("cell")));
    TRY_ASSIGN(result.verdict, parse_verdict(value.at("verdict").get<std::string>()));
    TRY_ASSIGN(result.leftover, node::inventory_from_json(value.at("leftover")));
    result.runtime = text_of(value, "runtime");
    result.containerd_version = text_of(value, "containerd_version");
    result.plugins_version = text_of(value, "plugins_version");
    result.reason = text_of(value, "reason");
    result.modelled_because = text_of(value, "modelled_because");
    result.assumed = text_of(value, "assumed");
    result.remedy = text_of(value, "remedy");
    result.log = text_of(value, "log");
    result.known = value.value("known", std::vector<std::string>());
    if (value.contains("containerd")) {
      TRY_ASSIGN(result.containerd, artifact_from_json(value.at("containerd")));
    }
    if (value.contains("plugins")) {
      TRY_ASSIGN(result.plugins, artifact_from_json(value.at("plugins")));
    }
    for (const auto& step : value.at("steps")) {
      result.steps.push_back(step_from_json(step));
    }
    if (value.contains("after_run")) {
      TRY_ASSIGN(result.after_run, node::inventory_from_json(value.at("after_run")));
    }
    if (value.contains("network")) {
      result.network = network_status_from_json(value.at("network"));
    }
    for (const auto& call : value.value("trace", Json::array())) {
      TRY_ASSIGN(auto read, recorder::plugin_call_from_json(call));
      result.trace.push_back(std::move(read));
    }
    result.denied = value.value("denied", std::vector<std::string>());
    result.wall_us = value.value("wall_us", std::int64_t{0});
    result.cpu = cpu_from_json(value.at("cpu"));
    return result;
  });
}

Json to_json(const Provenance& provenance) {
  Json value = {{"program_version", provenance.program_version},
                {"started", provenance.started},
                {"kernel", printable(provenance.kernel)},
                {"architecture", provenance.architecture},
                {"iptables", printable(provenance.iptables)},
                {"runc", printable(provenance.runc)},
                {"privileges", provenance.privileges},
                {"modules", provenance.modules},
                {"jobs", provenance.jobs},
                {"command_line", printable(provenance.command_line)}};
  put_text(value, "matrix", provenance.matrix);
  return value;
}

Expected<Provenance> provenance_from_json(const Json& value) {
  return reading("provenance", [&]() -> Expected<Provenance> {
    Provenance provenance;
    provenance.program_version = value.at("program_version").get<std::string>();
    provenance.started = value.at("started").get<std::string>();
    provenance.matrix = text_of(value, "matrix");
    provenance.kernel = text_of(value, "kernel");
    provenance.architecture = text_of(value, "architecture");
    provenance.iptables = text_of(value, "iptables");
    provenance.runc = text_of(value, "runc");
    provenance.privileges = text_of(value, "privileges");
    provenance.modules = value.value("modules", std::vector<std::string>());
    provenance.jobs = value.value("jobs", 0);
    provenance.command_line = text_of(value, "command_line");
    return provenance;
  });
}

void RunSummary::add(const CellResult& result) {
  ++verdicts[result.verdict];
  cpu.total_us += result.cpu.total_us;
  cpu.harness_us += result.cpu.harness_us;
  modelled += result.runtime == "embedded" && result.verdict != Verdict::skip &&
                      result.verdict != Verdict::interrupted
                  ? 1
                  : 0;
}

std::size_t RunSummary::count(Verdict verdict) const {
  const auto found = verdicts.find(verdict);
  return found == verdicts.end() ? 0 : found->second;
}

namespace {

constexpr auto k_stops = names_of<Stop>({
    {Stop::sigint, "SIGINT"},
    {Stop::sigterm, "SIGTERM"},
    {Stop::sighup, "SIGHUP"},
    {Stop::timeout, "--timeout"},
    {Stop::trouble, "trouble"},
    {Stop::killed, "kill"},
});

std::string cells_text(std::size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "cell" : "cells");
}

// "2 cells failed, 1 cell leaked; --fail-on skip: 3 cells"; empty when there is none of them.
std::string bad_news_of(const RunSummary& summary) {
  std::string text;
  const auto add = [&text](std::string_view separator, const std::string& part) {
    text += fmt::format("{}{}", text.empty() ? "" : separator, part);
  };
  if (const auto failed = summary.count(Verdict::fail); failed > 0) {
    add(", ", cells_text(failed) + " failed");
  }
  if (const auto leaked = summary.count(Verdict::leak); leaked > 0) {
    add(", ", cells_text(leaked) + " leaked");
  }
  for (const auto& what : summary.fail_on) {
    const auto of_it = what == "modelled" ? summary.modelled : summary.count(Verdict::skip);
    if (of_it > 0) {
      add("; ", fmt::format("--fail-on {}: {} {}", what, cells_text(of_it),
                            what == "modelled" ? "modelled" : "skipped"));
    }
  }
  return text;
}

}  // namespace

Ending RunSummary::ending() const {
  constexpr std::string_view k_done = "what is above is what was done";
  if (interrupted) {
    switch (stopped_by) {
      case Stop::none:
        return ending_by_signal(0, k_done);
      case Stop::sigint:
        return ending_by_signal(SIGINT, k_done);
      case Stop::sigterm:
        return ending_by_signal(SIGTERM, k_done);
      case Stop::sighup:
        return ending_by_signal(SIGHUP, k_done);
      case Stop::timeout:
        return {ExitStatus::timeout, fmt::format("--timeout ended the run; {}", k_done)};
      case Stop::trouble:
        if (trouble) {
          return {trouble->status, trouble->words};
        }
        return {ExitStatus::broken, fmt::format("trouble ended the run; {}", k_done)};
      case Stop::killed:
        break;
    }
  }
  if (const auto broken = count(Verdict::broken); broken > 0) {
    return {ExitStatus::broken,
            fmt::format("the harness itself had trouble; see the {}",
                        broken == 1 ? "broken cell" : fmt::format("{} broken cells", broken))};
  }
  if (auto text = bad_news_of(*this); !text.empty()) {
    return {ExitStatus::bad_news, std::move(text)};
  }
  if (interrupted) {
    return {ExitStatus::incomplete,
            "the run was killed before its end; what there is of it is above"};
  }
  if (count(Verdict::interrupted) > 0) {
    return {ExitStatus::interrupted, fmt::format("interrupted; {}", k_done)};
  }
  if (count(Verdict::pass) + count(Verdict::known) == 0) {
    const auto skipped = count(Verdict::skip);
    return {ExitStatus::no_answer,
            skipped == 0 ? "nothing was executed"
                         : fmt::format("nothing was executed: {} skipped", cells_text(skipped))};
  }
  return {ExitStatus::good, "every cell that ran passed or is a known behaviour"};
}

Json to_json(const RunSummary& summary) {
  Json value = {{"cells", summary.cells},
                {"verdicts", Json::object()},
                {"wall_us", summary.wall_us},
                {"cpu", to_json(summary.cpu)},
                {"interrupted", summary.interrupted},
                {"modelled", summary.modelled},
                {"skipped", summary.count(Verdict::skip)},
                {"exit_status", summary.exit_status()}};
  for (const auto& [verdict, count] : summary.verdicts) {
    value["verdicts"][std::string(name_of(verdict))] = count;
  }
  put_text(value, "stopped_by", std::string(k_stops.of(summary.stopped_by)));
  if (summary.trouble) {
    value["says"] = summary.trouble->words;
  }
  if (!summary.fail_on.empty()) {
    value["fail_on"] = summary.fail_on;
  }
  for (const auto& statement : summary.statements) {
    value["statements"].push_back(verdict::to_json(statement));
  }
  if (!summary.modules.empty()) {
    value["modules"] = summary.modules;
  }
  return value;
}

Expected<RunSummary> summary_from_json(const Json& value) {
  return reading("summary", [&]() -> Expected<RunSummary> {
    RunSummary summary;
    summary.cells = value.at("cells").get<std::size_t>();
    for (const auto& [name, count] : value.at("verdicts").items()) {
      TRY_ASSIGN(const auto verdict, parse_verdict(name));
      summary.verdicts[verdict] = count.get<std::size_t>();
    }
    summary.wall_us = value.at("wall_us").get<std::int64_t>();
    summary.cpu = cpu_from_json(value.at("cpu"));
    summary.interrupted = value.at("interrupted").get<bool>();
    summary.modelled = value.value("modelled", std::size_t{0});
    summary.stopped_by = k_stops.parse(text_of(value, "stopped_by")).value_or(summary.stopped_by);
    if (auto says = text_of(value, "says"); !says.empty()) {
      // The schema has checked the number.
      summary.trouble = Ending{ExitStatus{value.at("exit_status").get<int>()}, std::move(says)};
    }
    summary.fail_on = value.value("fail_on", std::vector<std::string>());
    summary.modules = value.value("modules", std::vector<std::string>());
    for (const auto& statement : value.value("statements", Json::array())) {
      TRY_ASSIGN(auto read, verdict::statement_result_from_json(statement));
      summary.statements.push_back(std::move(read));
    }
    return summary;
  });
}

}  // namespace cni_matrix::run
