#include "run.hpp"

#include "common_options.hpp"
#include "run_account.hpp"

#include "artifacts/store.hpp"
#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "report/diff.hpp"
#include "report/distinct_files.hpp"
#include "report/formats.hpp"
#include "report/saved_run.hpp"
#include "run/cell_check.hpp"
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

// A plugin that is not there is no mistake of the cell, which shows what comes of it.
Expected<void> tell_missing_plugins(const matrix::Cell& cell, run::CellCheck& check,
                                    artifacts::Provisioner& provisioner, run::Listener& listener) {
  const auto plugins = provisioner.ensure(artifacts::Component::plugins, cell.plugins);
  if (!plugins) {
    return {};  // what that comes to is told with the cell
  }
  TRY_ASSIGN(const auto missing, check.missing_plugins(cell, *plugins));
  for (const auto& sentence : missing) {
    listener.notice(sentence);
  }
  return {};
}

// The user's own files are looked at before anything runs, so that a mistake is all that is said.
// When the run has to end meanwhile, that is no mistake: the run itself sees it too.
Expected<void> check_inputs(const std::vector<matrix::Cell>& cells,
                            artifacts::Provisioner& provisioner, run::Listener& listener) {
  run::CellCheck check;
  std::set<std::string> seen;
  for (const auto& cell : cells) {
    TRY(check.lack_of(cell));  // what the chain lacks makes it a skip, and is no mistake
    TRY_ASSIGN(const auto tokens, check.tokens_of(cell));
    for (const auto& [component, token] : tokens) {
      TRY_ASSIGN(const auto parsed, artifacts::VersionToken::parse(token));
      if (parsed.has_directory() &&
          seen.insert(fmt::format("{} {}", name_of(component), token)).second) {
        const auto artifact = provisioner.ensure(component, token);
        if (!artifact && artifact.error().kind != ErrorKind::interrupted) {
          return tl::unexpected(artifact.error());
        }
      }
    }
  }
  // Nothing is refused any more: what follows is for those who go on.
  for (const auto& cell : cells) {
    TRY_ASSIGN(const auto warning, check.warning_of(cell));
    if (!warning.empty()) {
      listener.notice(warning);
    }
    TRY(tell_missing_plugins(cell, check, provisioner, listener));
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
    if (cell.node && seen.insert(cell.node->file).second) {
      inputs.push_back({"the node " + cell.node->name, cell.node->file});
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
  TRY_ASSIGN(const auto known, load_knowledge(arguments.knowledge));
  std::optional<report::Outcomes> baseline;
  if (!arguments.baseline.empty()) {
    TRY_ASSIGN(baseline, report::read_outcomes(arguments.baseline));
    report::keep_only(*baseline, cells);
  }
  // A report on standard output leaves it to the report alone.
  const bool piped = report::uses_standard_output(arguments.reports);
  std::FILE* console = piped ? err : out;
  TRY_ASSIGN(auto reporters, make_reporters(arguments, known, console, err));
  TRY_ASSIGN(auto provenance, run::take_provenance(arguments.run.privileged));
  provenance.matrix = std::filesystem::path(arguments.matrix).stem().string();
  provenance.jobs = arguments.run.jobs > 0 ? arguments.run.jobs : run::default_jobs();

  auto options = arguments.run;
  options.cache = options.cache.empty() ? cache_directory() : options.cache;
  LinePrinter printer(err);
  auto fetch = arguments.fetch;
  fetch.progress = [&printer](std::string_view text) { printer.status(text); };
  RunAccount account({arguments, cells, claims, baseline}, {console, err, printer},
                     std::move(reporters));
  fetch.notice = [&account](std::string_view text) { account.notice(text); };
  fetch.cancelled = [&options] { return run::must_stop(options); };
  fetch.sandbox = run::node_sandbox(fetch.cancelled, options.privileged);
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(options.cache, std::move(fetch)));

  TRY(check_inputs(cells, provisioner, account));

  account.run_started(provenance,
                      cells.size() * static_cast<std::size_t>(std::max(1, options.repeat)));
  const auto summary = run::run_cells(cells, options, provisioner, known, account);
  return summary ? account.conclude(*summary) : account.conclude(summary.error());
}

void add_run(Command& program) {
  auto command = program.command("run", "run the cells of a matrix, or of the options alone");
  const auto arguments = std::make_shared<RunArguments>();
  add_running(command, *arguments);
  add_knowledge(command, arguments->knowledge);
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
