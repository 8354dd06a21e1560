#pragma once

#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace cni_matrix::report {

// What hears of a run as it goes. One implementation a format; tests put a fake here.
//
// Calls come from one thread, in the order run_started, then any mix of cell_started,
// cell_finished, tick and notice, then cell_not_run, then run_finished (after an interruption too).
// A cell that was skipped, or one of a saved run, is finished without having been started.
class Reporter {
 public:
  Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  virtual ~Reporter() = default;

  // `cells`: how many are planned; 0 when that is not known.
  virtual void run_started(const run::Provenance& provenance, std::size_t cells) = 0;
  virtual void cell_started(const matrix::Cell& /*cell*/) {}
  virtual void cell_finished(const run::CellResult& result) = 0;
  // It was planned, and the run ended before it.
  virtual void cell_not_run(const matrix::Cell& /*cell*/) {}
  // Time has passed: about once a second, so that a status line stays true while nothing ends.
  virtual void tick() {}
  // One line for the person who watches; not part of the results.
  virtual void notice(std::string_view /*text*/) {}
  // Error kind: broken, when what was to be written could not be, now or before (no space).
  virtual Expected<void> run_finished(const run::RunSummary& summary) = 0;
};

// Passes everything to several reporters, in their order.
class Reporters : public Reporter {
 public:
  void add(std::unique_ptr<Reporter> reporter);

  void run_started(const run::Provenance& provenance, std::size_t cells) override;
  void cell_started(const matrix::Cell& cell) override;
  void cell_finished(const run::CellResult& result) override;
  void cell_not_run(const matrix::Cell& cell) override;
  void tick() override;
  void notice(std::string_view text) override;
  // All of them finish; the first error is returned.
  Expected<void> run_finished(const run::RunSummary& summary) override;

 private:
  std::vector<std::unique_ptr<Reporter>> m_reporters;
};

}  // namespace cni_matrix::report
