#include "verify.hpp"

#include "common_options.hpp"
#include "comparison.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "run/cell_check.hpp"
#include "run/signals.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/run/runner.hpp>

#include <optional>

namespace cni_matrix::cli {

namespace {

// What the run came to, and what the two runtimes say of each other.
Ending ending_of(const report::Verification& found, const run::RunSummary& summary) {
  if (summary.interrupted) {
    return summary.ending();
  }
  const auto cells = [](std::size_t count) {
    return fmt::format("{} {}", count, count == 1 ? "cell" : "cells");
  };
  if (!found.broken.empty()) {
    return {ExitStatus::broken,
            fmt::format("the harness itself had trouble with {}", cells(found.broken.size()))};
  }
  if (found.disagreeing() > 0) {
    return {ExitStatus::bad_news,
            fmt::format("model and daemon disagree in {}", cells(found.disagreeing()))};
  }
  if (found.compared.empty()) {
    return {ExitStatus::no_answer, "no cell ran on both runtimes"};
  }
  return {ExitStatus::good,
          fmt::format("model and daemon agree in {}", cells(found.compared.size()))};
}

}  // namespace

Expected<Ending> verify_command(const RunArguments& arguments, std::FILE* out, std::FILE* err) {
  TRY_ASSIGN(const auto signals, run::StopSignals::catch_them());
  TRY_ASSIGN(const auto asked, cells_of(arguments));
  TRY(check_files(arguments, asked));
  run::CellCheck check;
  for (const auto& cell : asked) {
    TRY(check.lack_of(cell));
  }
  std::optional<report::VerificationFile> file;
  if (!arguments.json.empty()) {
    TRY_ASSIGN(file, report::VerificationFile::open(arguments.json));
  }
  // The document on standard output leaves it to the document alone.
  const bool piped = arguments.json == "-";
  std::FILE* console = piped ? err : out;
  std::vector<matrix::Cell> cells;
  for (auto cell : asked) {
    for (const auto runtime : {matrix::RuntimeChoice::daemon, matrix::RuntimeChoice::embedded}) {
      cell.runtime = runtime;
      cells.push_back(cell);
    }
  }
  auto options = arguments.run;
  options.record = true;
  options.cache = options.cache.empty() ? cache_directory() : options.cache;
  LinePrinter printer(err);
  auto fetch = arguments.fetch;
  fetch.progress = [&printer](std::string_view text) { printer.status(text); };
  fetch.notice = [&printer](std::string_view text) { printer.line(fmt::format("note: {}", text)); };
  fetch.cancelled = [&options] { return run::must_stop(options); };
  fetch.sandbox = run::node_sandbox(fetch.cancelled, options.privileged);
  TRY_ASSIGN(auto provisioner, artifacts::Provisioner::open(options.cache, std::move(fetch)));
  Comparison comparison(asked.size(), console, printer);
  TRY_ASSIGN(const auto summary, run::run_cells(cells, options, provisioner, {}, comparison));
  const auto& found = comparison.found();
  printer.finish();
  for (const auto& [reason, count] : found.skipped) {
    say(console, "skipped  {} {}: {}\n", count, count == 1 ? "cell" : "cells", printable(reason));
  }
  for (const auto& [leak, reason] : found.not_compared) {
    say(console, "not compared  {}: {}\n", leak, reason);
  }
  say(console, "{} cells on both runtimes: {} agree, {} disagree; {} skipped, {} broken\n",
      found.compared.size(), found.compared.size() - found.disagreeing(), found.disagreeing(),
      found.skipped_cells(), found.broken.size());
  auto ending = ending_of(found, summary);
  if (file) {
    if (const auto written = file->write(found, ending); !written) {
      say(err, "cni-matrix: {}\n", printable(written.error().message));
      if (graver(ending.status, ExitStatus::broken) != ending.status) {
        ending = {ExitStatus::broken, "--json could not be written: " + written.error().message};
      }
    }
  }
  ending.line = piped ? Ending::Line::on_error : Ending::Line::on_output;
  return ending;
}

void add_verify(Command& program) {
  auto command =
      program.command("verify-embedded", "run cells on both runtimes and show where they disagree");
  const auto arguments = std::make_shared<RunArguments>();
  add_running(command, *arguments);
  command.option("--json", arguments->json, "write what was found to this file (- for stdout)");
  command.examples(R"(  cni-matrix verify-embedded default
  cni-matrix verify-embedded --containerd debian:bookworm --plugins 1.1.1 --all-scenarios)");
  command.performs([arguments] { return verify_command(*arguments, stdout, stderr); });
}

}  // namespace cni_matrix::cli
