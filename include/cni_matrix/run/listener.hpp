#pragma once

#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <string_view>

namespace cni_matrix::run {

// What a run tells of as it goes: reports are listeners, and so is a program outside.
//
// Calls come from one thread. run_cells calls those of cells, tick, notice and before_waiting; who
// called run_cells, or replays a saved run, calls run_started before them and cell_not_run and then
// run_finished after them (after an interruption too). A cell that was skipped, or one of a saved
// run, is finished without having been started.
class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;

  // `cells`: how many are planned; 0 when that is not known.
  virtual void run_started(const Provenance& /*provenance*/, std::size_t /*cells*/) {}
  virtual void cell_started(const matrix::Cell& /*cell*/) {}
  virtual void cell_finished(const CellResult& /*result*/) {}
  // It was planned, and the run ended before it.
  virtual void cell_not_run(const matrix::Cell& /*cell*/) {}
  // RunOptions::keep: the cell's node stays, and its init is the process `pid`.
  virtual void node_kept(const matrix::Cell& /*cell*/, int /*pid*/) {}
  // Time has passed: about once a second, so that a status line stays true while nothing ends.
  virtual void tick() {}
  // One line for the person who watches; not part of the results.
  virtual void notice(std::string_view /*text*/) {}
  // RunOptions::keep: every cell is done, and run_cells now waits for a signal or the end of
  // run_timeout; the latter makes its summary an interrupted one.
  virtual void before_waiting(const RunSummary& /*summary*/) {}
  // Error kind: broken, when what was to be written could not be, now or before (no space).
  virtual Expected<void> run_finished(const RunSummary& /*summary*/) { return {}; }
};

}  // namespace cni_matrix::run
