#include "run_account.hpp"

#include "base/line_printer.hpp"
#include "base/say.hpp"
#include "base/text.hpp"
#include <cni_matrix/run/runner.hpp>
#include <cni_matrix/verdict/statements.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cni_matrix::cli {

RunAccount::RunAccount(Inputs inputs, Streams streams, std::unique_ptr<report::Reporters> reporters)
    : m_inputs(inputs),
      m_streams(streams),
      m_reporters(std::move(reporters)),
      m_modules(run::loaded_modules()) {}

void RunAccount::run_started(const run::Provenance& provenance, std::size_t cells) {
  m_done.cells = cells;
  m_reporters->run_started(provenance, cells);
}

void RunAccount::cell_started(const matrix::Cell& cell) {
  m_streams.progress.finish();
  m_reporters->cell_started(cell);
}

void RunAccount::cell_finished(const run::CellResult& result) {
  m_streams.progress.finish();
  m_reporters->cell_finished(result);
  ++m_runs_of[result.cell.name()];
  m_done.add(result);
  report::add_outcome(m_outcomes, result);
  if (!m_inputs.claims.empty() && result.observation) {
    m_observations.push_back(*result.observation);
  }
}

void RunAccount::node_kept(const matrix::Cell& cell, int pid) {
  m_streams.progress.finish();
  m_reporters->node_kept(cell, pid);
}

void RunAccount::tick() {
  m_reporters->tick();
}

void RunAccount::notice(std::string_view text) {
  m_streams.progress.finish();
  m_reporters->notice(text);
}

void RunAccount::before_waiting(const run::RunSummary& summary) {
  m_told = tell(summary);
  std::fflush(m_streams.console);
}

Ending RunAccount::conclude(const run::RunSummary& summary) {
  if (!m_told) {
    return tell(summary);
  }
  if (summary.interrupted) {
    m_told->words =
        fmt::format("--timeout ended the wait with the kept nodes; before: {}", m_told->words);
    m_told->status = graver(m_told->status, summary.ending().status);
  }
  return *m_told;
}

Ending RunAccount::conclude(const Error& error) {
  m_done.interrupted = true;
  m_done.stopped_by = run::Stop::trouble;
  m_done.trouble = Ending{status_of(error.kind),
                          fmt::format("an error ended the run; what is above is what was done: {}",
                                      printable(error.message))};
  auto told = tell(m_done);
  say(m_streams.err, "cni-matrix: {}\n", printable(error.message));
  return told;
}

Ending RunAccount::tell(run::RunSummary summary) {
  const auto& arguments = m_inputs.arguments;
  m_streams.progress.finish();
  const auto loaded = run::loaded_modules();
  std::set_difference(loaded.begin(), loaded.end(), m_modules.begin(), m_modules.end(),
                      std::back_inserter(summary.modules));
  for (const auto& cell : m_inputs.cells) {
    for (int run = m_runs_of[cell.name()]; run < std::max(1, arguments.run.repeat); ++run) {
      m_reporters->cell_not_run(cell);
    }
  }
  summary.fail_on = arguments.fail_on;
  summary.statements = verdict::evaluate_statements(m_inputs.claims, m_observations);
  const auto written = m_reporters->run_finished(summary);
  auto ending = summary.ending();
  if (m_inputs.baseline) {
    const auto difference = report::compare(*m_inputs.baseline, m_outcomes);
    const auto text = report::describe(difference, arguments.console.unicode.value_or(true));
    std::fputs(("\n" + text).c_str(), m_streams.console);
    ending = report::ending_beside(
        difference, summary,
        arguments.new_failures_only ? report::Ratchet::on : report::Ratchet::off);
  }
  if (!written) {
    say(m_streams.err, "cni-matrix: {}\n", printable(written.error().message));
    if (graver(ending.status, ExitStatus::broken) != ending.status) {
      ending = {ExitStatus::broken, "a report could not be written: " + written.error().message};
    }
  }
  ending.line =
      m_streams.console == m_streams.err ? Ending::Line::on_error : Ending::Line::on_output;
  ending.coloured = arguments.console.colour.value_or(Terminal::of(m_streams.console).colour);
  return ending;
}

}  // namespace cni_matrix::cli
