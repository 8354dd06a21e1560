#pragma once

#include "run.hpp"

#include "report/diff.hpp"
#include "report/reporters.hpp"
#include "verdict/observation.hpp"
#include <cni_matrix/run/listener.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cni_matrix {
class LinePrinter;
}

namespace cni_matrix::cli {

// What a run comes to: hears of its cells, has the reports written, and ends with the last line.
class RunAccount : public run::Listener {
 public:
  struct Inputs {
    const RunArguments& arguments;
    const std::vector<matrix::Cell>& cells;
    const std::vector<verdict::Statement>& claims;
    const std::optional<report::Outcomes>& baseline;
  };
  struct Streams {
    std::FILE* console;
    std::FILE* err;
    LinePrinter& progress;  // of fetching; its line ends before anything else is printed
  };

  RunAccount(Inputs inputs, Streams streams, std::unique_ptr<report::Reporters> reporters);

  void run_started(const run::Provenance& provenance, std::size_t cells) override;
  void cell_started(const matrix::Cell& cell) override;
  void cell_finished(const run::CellResult& result) override;
  void node_kept(const matrix::Cell& cell, int pid) override;
  void tick() override;
  void notice(std::string_view text) override;
  void before_waiting(const run::RunSummary& summary) override;

  // Tells the reports of the end, and people of what is beside the baseline. With kept nodes that
  // was told before the wait.
  Ending conclude(const run::RunSummary& summary);
  // For a run that an error ended: what is done is told all the same.
  Ending conclude(const Error& error);

 private:
  Ending tell(run::RunSummary summary);

  Inputs m_inputs;
  Streams m_streams;
  std::unique_ptr<report::Reporters> m_reporters;
  std::set<std::string> m_modules;  // loaded as the run began
  report::Outcomes m_outcomes;
  std::map<std::string, int> m_runs_of;  // finished ones, by the cell's name
  std::vector<verdict::Observation> m_observations;
  run::RunSummary m_done;        // counted here too, for a run that an error ends
  std::optional<Ending> m_told;  // before the wait
};

}  // namespace cni_matrix::cli
