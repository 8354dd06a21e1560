#include <cni_matrix/artifacts/store.hpp>
#include <cni_matrix/base/line_printer.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/cli/diff_command.hpp>
#include <cni_matrix/cli/run_command.hpp>
#include <cni_matrix/matrix/known_behaviours.hpp>
#include <cni_matrix/matrix/residue.hpp>
#include <cni_matrix/matrix/scenario_spec.hpp>
#include <cni_matrix/report/json.hpp>
#include <cni_matrix/report/junit.hpp>
#include <cni_matrix/report/saved_run.hpp>
#include <cni_matrix/run/foreign_program.hpp>
#include <cni_matrix/run/observation.hpp>
#include <cni_matrix/run/signals.hpp>
#include <cni_matrix/scenario/conflist_file.hpp>

#include <optional>
#include <set>

namespace cni_matrix::cli {

namespace {

Expected<std::unique_ptr<report::Reporters>> make_reporters(const RunArguments& arguments,
                                                            const matrix::KnownBehaviours& known,
                                                            std::FILE* console) {
  auto reporters = std::make_unique<report::Reporters>();
  if (!arguments.json.empty()) {
    CNI_MATRIX_TRY_ASSIGN(auto json, report::make_json_reporter(arguments.json));
    reporters->add(std::move(json));
  }
  if (!arguments.junit.empty()) {
    CNI_MATRIX_TRY_ASSIGN(auto junit, report::make_junit_reporter(arguments.junit));
    reporters->add(std::move(junit));
  }
  auto options = arguments.console;
  options.title_of = [&known](const std::string& id) {
    const auto* behaviour = known.find(id);
    return behaviour == nullptr ? std::string() : behaviour->title;
  };
  reporters->add(report::make_console_reporter(console, std::move(options)));
  return reporters;
}

void show_statements(const std::vector<matrix::Statement>& claims,
                     const std::vector<matrix::Observation>& observations, std::FILE* out) {
  if (claims.empty()) {
    return;
  }
  fmt::print(out, "\nStatements of this matrix\n");
  for (const auto& result : matrix::evaluate_statements(claims, observations)) {
    fmt::print(out, "  {:4} {}: {}\n       {}\n", result.id, matrix::name_of(result.truth),
               result.says, result.evidence);
  }
}

// The containerds of the store, by the token that asked for them.
Expected<std::map<std::string, Version>> versions_at_hand(const std::filesystem::path& cache) {
  std::map<std::string, Version> versions;
  CNI_MATRIX_TRY_ASSIGN(const auto entries, artifacts::list_store(cache));
  for (const auto& entry : entries) {
    if (entry.artifact.component == artifacts::Component::containerd) {
      versions[entry.artifact.token] = entry.artifact.version;
    }
  }
  return versions;
}

using Tokens = std::vector<std::pair<artifacts::Component, std::string>>;

// The containerds and plugins of a cell: those that it begins with, and those that steps change to.
Expected<Tokens> tokens_of(const matrix::Cell& cell) {
  using artifacts::Component;
  Tokens tokens = {{Component::containerd, cell.containerd}, {Component::plugins, cell.plugins}};
  CNI_MATRIX_TRY_ASSIGN(const auto scenario, matrix::load_scenario(cell.scenario));
  CNI_MATRIX_TRY_ASSIGN(const auto steps, matrix::bind_steps(scenario, cell.parameters));
  for (const auto& step : steps) {
    if (step.kind == matrix::StepKind::replace_runtime) {
      tokens.emplace_back(Component::containerd, step.to);
    } else if (step.kind == matrix::StepKind::replace_plugins) {
      tokens.emplace_back(Component::plugins, step.to);
    }
  }
  return tokens;
}

// The user's own files are looked at before anything runs, so that a mistake is all that is said.
// When the run has to end meanwhile, that is no mistake: the run itself sees it too.
Expected<void> check_inputs(const std::vector<matrix::Cell>& cells,
                            artifacts::Provisioner& provisioner) {
  std::set<std::string> seen;
  for (const auto& cell : cells) {
    auto key = fmt::format("{} {} {} {}", cell.conflist.file.string(), cell.conflist.form,
                           cell.scenario, cell.host_port.has_value());
    for (const auto& [name, value] : cell.parameters) {
      key += fmt::format(" {}={}", name, value);
    }
    const bool is_new = seen.insert(key).second;
    if (is_new) {
      CNI_MATRIX_TRY(run::check_cell(cell));
    }
    Tokens tokens = {{artifacts::Component::containerd, cell.containerd},
                     {artifacts::Component::plugins, cell.plugins}};
    if (is_new) {
      CNI_MATRIX_TRY_ASSIGN(tokens, tokens_of(cell));
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

Expected<std::vector<matrix::Cell>> cells_of(const RunArguments& arguments,
                                             std::vector<matrix::Statement>* claims) {
  if (!arguments.rerun_failed.empty()) {
    CNI_MATRIX_TRY_ASSIGN(auto cells, report::failed_cells(arguments.rerun_failed));
    if (cells.empty()) {
      return input_error("{}: no cell of this run failed, so there is nothing to run again",
                         arguments.rerun_failed.string());
    }
    return cells;
  }
  matrix::MatrixSpec spec;
  if (!arguments.matrix.empty()) {
    CNI_MATRIX_TRY_ASSIGN(spec, matrix::load_matrix(arguments.matrix));
  }
  auto selection = arguments.selection;
  if (!selection.kubernetes.empty()) {
    const auto& cache = arguments.run.cache;
    CNI_MATRIX_TRY_ASSIGN(selection.at_hand,
                          versions_at_hand(cache.empty() ? cache_directory() : cache));
  }
  CNI_MATRIX_TRY_ASSIGN(spec, matrix::select(std::move(spec), selection));
  if (claims != nullptr) {
    *claims = spec.claims;
  }
  return matrix::all_cells(spec, arguments.selection.cells);
}

Expected<int> run_command(const RunArguments& arguments, std::FILE* out, std::FILE* err) {
  CNI_MATRIX_TRY_ASSIGN(const auto signals, run::StopSignals::catch_them());
  std::vector<matrix::Statement> claims;
  CNI_MATRIX_TRY_ASSIGN(const auto cells, cells_of(arguments, &claims));
  CNI_MATRIX_TRY_ASSIGN(const auto known, matrix::KnownBehaviours::load());
  if (const auto& residue = matrix::shipped_residue(); !residue) {
    return tl::unexpected(residue.error());
  }
  std::optional<report::Outcomes> baseline;
  if (!arguments.baseline.empty()) {
    CNI_MATRIX_TRY_ASSIGN(baseline, report::read_outcomes(arguments.baseline));
  }
  // A report on standard output leaves it to the report alone.
  const bool piped = arguments.json == "-" || arguments.junit == "-";
  std::FILE* console = piped ? err : out;
  CNI_MATRIX_TRY_ASSIGN(const auto reporters, make_reporters(arguments, known, console));
  CNI_MATRIX_TRY_ASSIGN(auto provenance, run::take_provenance());
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
  fetch.sandbox = run::node_sandbox(fetch.cancelled);
  CNI_MATRIX_TRY_ASSIGN(auto provisioner,
                        artifacts::Provisioner::open(options.cache, std::move(fetch)));

  CNI_MATRIX_TRY(check_inputs(cells, provisioner));

  report::Outcomes outcomes;
  std::vector<matrix::Observation> observations;
  run::RunListener listener;
  listener.cell_started = [&](const matrix::Cell& cell) {
    printer.finish();
    reporters->cell_started(cell);
  };
  listener.cell_finished = [&](const run::CellResult& result) {
    printer.finish();
    reporters->cell_finished(result);
    report::add_outcome(outcomes, result);
    if (!claims.empty() && !result.steps.empty()) {
      if (const auto conflist = scenario::ConflistFile::load(result.cell.conflist)) {
        observations.push_back(run::observation_of(result, conflist->json()));
      }
    }
  };
  listener.tick = [&] { reporters->tick(); };
  listener.notice = notice;
  listener.node_kept = [&](const matrix::Cell& cell, int pid) {
    notice(fmt::format("kept: {} (cni-matrix shell {}; Ctrl-C here ends it)", cell.name(), pid));
  };

  const auto modules = run::loaded_modules();
  reporters->run_started(provenance,
                         cells.size() * static_cast<std::size_t>(std::max(1, options.repeat)));
  const auto conclude = [&](const run::RunSummary& summary) -> Expected<int> {
    auto loaded = run::loaded_modules();
    std::erase_if(loaded, [&](const std::string& name) { return modules.contains(name); });
    if (!loaded.empty()) {
      notice(fmt::format("the kernel loaded modules for this run, and they stay: {}",
                         fmt::join(loaded, ", ")));
    }
    CNI_MATRIX_TRY(reporters->run_finished(summary));
    show_statements(claims, observations, console);
    int status = summary.exit_status();
    if (baseline) {
      const int changed = show_baseline(*baseline, outcomes, true, console);
      status = status == 0 && changed != 0 ? changed : status;
    }
    return status;
  };
  std::optional<Expected<int>> status;
  listener.before_waiting = [&](const run::RunSummary& summary) {
    status = conclude(summary);
    std::fflush(console);
  };
  auto summary = run::run_cells(cells, options, provisioner, known, listener);
  if (!summary) {
    // What is done is reported all the same.
    run::RunSummary aborted;
    aborted.interrupted = true;
    (void)reporters->run_finished(aborted);
    return tl::unexpected(summary.error());
  }
  return status ? *status : conclude(*summary);
}

}  // namespace cni_matrix::cli
