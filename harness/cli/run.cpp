#include "run.hpp"

#include "common_options.hpp"

#include "artifacts/store.hpp"
#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "report/diff.hpp"
#include "report/distinct_files.hpp"
#include "report/formats.hpp"
#include "report/saved_run.hpp"
#include "run/cell_plan.hpp"
#include "run/signals.hpp"
#include "scenario/scenario_library.hpp"
#include "verdict/observation.hpp"
#include "verdict/residue.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/run/runner.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace cni_matrix::cli {

namespace {

Expected<std::unique_ptr<report::Reporters>> make_reporters(const RunArguments& arguments,
                                                            const verdict::KnownBehaviours& known,
                                                            std::FILE* console, std::FILE* err) {
  auto reporters = std::make_unique<report::Reporters>();
  TRY(report::add_reporters(arguments.reports, *reporters));
  auto options = arguments.console;
  options.notices = err;
  options.title_of = [&known](const std::string& id) {
    const auto* behaviour = known.find(id);
    return behaviour == nullptr ? std::string() : behaviour->title;
  };
  reporters->add(report::make_console_reporter(console, std::move(options)));
  return reporters;
}

// The containerds of the store, by the token that asked for them.
Expected<std::map<std::string, Version>> versions_at_hand(const std::filesystem::path& cache) {
  std::map<std::string, Version> versions;
  TRY_ASSIGN(const auto entries, artifacts::list_store(cache));
  for (const auto& entry : entries) {
    if (entry.artifact.component == artifacts::Component::containerd) {
      versions[entry.artifact.token] = entry.artifact.version;
    }
  }
  return versions;
}

using Tokens = std::vector<std::pair<artifacts::Component, std::string>>;

// The containerds and plugins of a cell: those that it begins with, and those that steps change to.
Expected<Tokens> tokens_of(const matrix::Cell& cell, scenario::ScenarioLibrary& scenarios) {
  using artifacts::Component;
  Tokens tokens = {{Component::containerd, cell.containerd}, {Component::plugins, cell.plugins}};
  TRY_ASSIGN(const auto scenario, scenarios.find(cell.scenario));
  TRY_ASSIGN(const auto steps, scenario::bind_steps(*scenario, cell.parameters));
  const auto demands = scenario::demands_of(steps);
  for (const auto& token : demands.containerds) {
    tokens.emplace_back(Component::containerd, token);
  }
  for (const auto& token : demands.plugins) {
    tokens.emplace_back(Component::plugins, token);
  }
  return tokens;
}

// The user's own files are looked at before anything runs, so that a mistake is all that is said.
// When the run has to end meanwhile, that is no mistake: the run itself sees it too.
Expected<void> check_inputs(const std::vector<matrix::Cell>& cells,
                            artifacts::Provisioner& provisioner) {
  scenario::ScenarioLibrary scenarios;
  std::set<std::string> seen;
  for (const auto& cell : cells) {
    auto key = fmt::format("{} {} {} {}", cell.conflist.file.string(), cell.conflist.form,
                           cell.scenario, cell.host_port.has_value());
    for (const auto& [name, value] : cell.parameters) {
      key += fmt::format(" {}={}", name, value);
    }
    const bool is_new = seen.insert(key).second;
    if (is_new) {
      TRY(run::check_cell(cell, scenarios));
    }
    Tokens tokens = {{artifacts::Component::containerd, cell.containerd},
                     {artifacts::Component::plugins, cell.plugins}};
    if (is_new) {
      TRY_ASSIGN(tokens, tokens_of(cell, scenarios));
    }
    for (const auto& [component, token] : tokens) {
      if (token.starts_with("dir:") &&
          seen.insert(fmt::format("{} {}", name_of(component), token)).second) {
        const auto artifact = provisioner.ensure(component, token);
        if (!artifact && artifact.error().kind != ErrorKind::interrupted) {
          return tl::unexpected(artifact.error());
        }
      }
    }
  }
  return {};
}

}  // namespace

Expected<void> check_files(const RunArguments& arguments, const std::vector<matrix::Cell>& cells) {
  std::vector<report::NamedFile> inputs = {{"--baseline", arguments.baseline},
                                           {"--rerun-failed", arguments.rerun_failed},
                                           {"--ca", arguments.fetch.ca_file}};
  if (!arguments.matrix.empty() && arguments.rerun_failed.empty()) {
    TRY_ASSIGN(auto file, matrix::find_matrix(arguments.matrix));
    inputs.push_back({"the matrix", std::move(file)});
  }
  for (const auto& catalog : arguments.fetch.extra_catalogs) {
    inputs.push_back({"--catalog", catalog});
  }
  std::set<std::filesystem::path> seen;
  for (const auto& cell : cells) {
    if (seen.insert(cell.conflist.file).second) {
      inputs.push_back({"the conflist " + cell.conflist.name, cell.conflist.file});
    }
    if (cell.scenario.ends_with(".json") && seen.insert(cell.scenario).second) {
      inputs.push_back({"the scenario " + cell.scenario, cell.scenario});
    }
  }
  std::vector<report::NamedFile> outputs;
  for (const auto& [name, file] : arguments.reports) {
    outputs.push_back({"--" + name, file});
  }
  outputs.push_back({"--json", arguments.json});  // of verify-embedded
  return report::check_distinct(inputs, outputs);
}

Expected<std::vector<matrix::Cell>> cells_of(const RunArguments& arguments,
                                             std::vector<verdict::Statement>* claims) {
  if (!arguments.rerun_failed.empty()) {
    TRY_ASSIGN(auto cells, report::failed_cells(arguments.rerun_failed));
    return cells;
  }
  matrix::Matrix spec;
  if (!arguments.matrix.empty()) {
    TRY_ASSIGN(const auto file, matrix::find_matrix(arguments.matrix));
    TRY_ASSIGN(spec, matrix::load_matrix(file));
  }
  auto selection = arguments.selection;
  if (!selection.kubernetes.empty()) {
    const auto& cache = arguments.run.cache;
    TRY_ASSIGN(selection.at_hand, versions_at_hand(cache.empty() ? cache_directory() : cache));
  }
  TRY_ASSIGN(spec, matrix::select(std::move(spec), selection));
  if (claims != nullptr) {
    *claims = spec.claims;
  }
  return matrix::all_cells(spec, arguments.selection.cells);
}

Expected<Ending> run_command(const RunArguments& arguments, std::FILE* out, std::FILE* err) {
  if (arguments.new_failures_only && arguments.baseline.empty()) {
    return input_error("--new-failures-only needs --baseline RUN.json, which has the old failures");
  }
  TRY_ASSIGN(const auto signals, run::StopSignals::catch_them());
  std::vector<verdict::Statement> claims;
  TRY_ASSIGN(const auto cells, cells_of(arguments, &claims));
  TRY(check_files(arguments, cells));
  if (cells.empty()) {
    return Ending{ExitStatus::good, fmt::format("no cell of {} failed, so nothing was run again",
                                                printable(arguments.rerun_failed.string()))};
  }
  TRY_ASSIGN(const auto known, verdict::KnownBehaviours::load());
  if (const auto& residue = verdict::shipped_residue(); !residue) {
    return tl::unexpected(residue.error());
  }
  std::optional<report::Outcomes> baseline;
  if (!arguments.baseline.empty()) {
    TRY_ASSIGN(baseline, report::read_outcomes(arguments.baseline));
    report::keep_only(*baseline, cells);
  }
  // A report on standard output leaves it to the report alone.
  const bool piped = report::uses_standard_output(arguments.reports);
  std::FILE* console = piped ? err : out;
  TRY_ASSIGN(const auto reporters, make_reporters(arguments, known, console, err));
  TRY_ASSIGN(auto provenance, run::take_provenance(arguments.run.privileged));
  provenance.matrix = std::filesystem::path(arguments.matrix).stem().string();
  provenance.jobs = arguments.run.jobs > 0 ? arguments.run.jobs : run::default_jobs();

  auto options = arguments.run;
  options.cache = options.cache.empty() ? cache_directory() : options.cache;
  LinePrinter printer(err);
  auto fetch = arguments.fetch;
  fetch.progress = [&printer](std::string_view text) { printer.status(text); };
  const auto notice = [&](std::string_view text) {
    printer.finish();
    reporters->notice(text);
  };
  fetch.notice = notice;
  fetch.cancelled = [&options] { return run::must_stop(options); };
  fetch.sandbox = run::node_sandbox(fetch.cancelled, options.privileged);
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(options.cache, std::move(fetch)));

  TRY(check_inputs(cells, provisioner));

  report::Outcomes outcomes;
  std::map<std::string, int> runs_of;  // finished ones, by the cell's name
  std::vector<verdict::Observation> observations;
  run::RunListener listener;
  listener.cell_started = [&](const matrix::Cell& cell) {
    printer.finish();
    reporters->cell_started(cell);
  };
  run::RunSummary aborted;  // counted here too, for a run that an error ends
  aborted.cells = cells.size() * static_cast<std::size_t>(std::max(1, options.repeat));
  listener.cell_finished = [&](const run::CellResult& result) {
    printer.finish();
    reporters->cell_finished(result);
    ++runs_of[result.cell.name()];
    aborted.add(result);
    report::add_outcome(outcomes, result);
    if (!claims.empty() && result.observation) {
      observations.push_back(*result.observation);
    }
  };
  listener.tick = [&] { reporters->tick(); };
  listener.notice = notice;
  listener.node_kept = [&](const matrix::Cell& cell, int pid) {
    notice(fmt::format("kept: {} (cni-matrix shell {}; Ctrl-C here ends it)", cell.name(), pid));
  };

  const auto modules = run::loaded_modules();
  reporters->run_started(provenance, aborted.cells);
  const auto conclude = [&](run::RunSummary summary) {
    printer.finish();
    const auto loaded = run::loaded_modules();
    std::set_difference(loaded.begin(), loaded.end(), modules.begin(), modules.end(),
                        std::back_inserter(summary.modules));
    for (const auto& cell : cells) {
      for (int run = runs_of[cell.name()]; run < std::max(1, options.repeat); ++run) {
        reporters->cell_not_run(cell);
      }
    }
    summary.fail_on = arguments.fail_on;
    summary.statements = verdict::evaluate_statements(claims, observations);
    const auto written = reporters->run_finished(summary);
    auto ending = summary.ending();
    if (baseline) {
      const auto difference = report::compare(*baseline, outcomes);
      std::fputs(
          ("\n" + report::describe(difference, arguments.console.unicode.value_or(true))).c_str(),
          console);
      ending = report::ending_beside(
          difference, summary,
          arguments.new_failures_only ? report::Ratchet::on : report::Ratchet::off);
    }
    if (!written) {
      say(err, "cni-matrix: {}\n", printable(written.error().message));
      if (graver(ending.status, ExitStatus::broken) != ending.status) {
        ending = {ExitStatus::broken, "a report could not be written: " + written.error().message};
      }
    }
    ending.line = piped ? Ending::Line::on_error : Ending::Line::on_output;
    ending.coloured = arguments.console.colour.value_or(Terminal::of(console).colour);
    return ending;
  };
  std::optional<Ending> ending;
  listener.before_waiting = [&](const run::RunSummary& summary) {
    ending = conclude(summary);
    std::fflush(console);
  };
  const auto summary = run::run_cells(cells, options, provisioner, known, listener);
  if (!summary) {
    // What is done is reported all the same.
    aborted.interrupted = true;
    aborted.stopped_by = run::Stop::trouble;
    aborted.trouble =
        Ending{status_of(summary.error().kind),
               fmt::format("an error ended the run; what is above is what was done: {}",
                           printable(summary.error().message))};
    const auto told = conclude(aborted);
    say(err, "cni-matrix: {}\n", printable(summary.error().message));
    return told;
  }
  if (ending && summary->interrupted) {
    // What the cells came to is told already.
    ending->words =
        fmt::format("--timeout ended the wait with the kept nodes; before: {}", ending->words);
    ending->status = graver(ending->status, summary->ending().status);
  }
  return ending ? *ending : conclude(*summary);
}

void add_run(Command& program) {
  auto command = program.command("run", "run the cells of a matrix, or of the options alone");
  const auto arguments = std::make_shared<RunArguments>();
  add_running(command, *arguments);
  add_console(command, arguments->console);
  command.flag(
      "--no-record", [arguments] { arguments->run.record = false; },
      "call the plugins directly, without a trace");
  command.flag("--fail-fast", arguments->run.fail_fast, "stop at the first bad cell");
  command.flag("--keep", arguments->run.keep, "keep the nodes until Ctrl-C or --timeout");
  command.option("--repeat", arguments->run.repeat, "run each cell so often; report flaky ones")
      .between(1, 100'000);
  for (const auto& format : report::formats()) {
    const std::string name(format.name);
    command.option("--" + name, arguments->reports[name], std::string(format.help));
  }
  command.option("--baseline", arguments->baseline,
                 "fail where a cell got worse than in this run: to fail, leak, broken or skip");
  command.flag("--new-failures-only", arguments->new_failures_only,
               "with --baseline: fail only for what did not fail there");
  command.option("--fail-on", arguments->fail_on, "bad news too: skip, modelled")
      .list()
      .one_of({"skip", "modelled"});
  command.option("--rerun-failed", arguments->rerun_failed, "the failed cells of this run");
  command.examples(R"(  cni-matrix run default
  cni-matrix run default --cell 80dac9
  cni-matrix run --containerd 1.6.20 --plugins 1.1.1 --conflist /etc/cni/net.d --scenario netns-gone
  cni-matrix run default --baseline old.json --json new.json)");
  command.performs([arguments] { return run_command(*arguments, stdout, stderr); });
}

}  // namespace cni_matrix::cli
