#pragma once

#include "report/verification.hpp"
#include "scenario/scenario_library.hpp"
#include <cni_matrix/run/listener.hpp>

#include <cstddef>
#include <cstdio>
#include <map>
#include <string>

namespace cni_matrix {
class LinePrinter;
}

namespace cni_matrix::cli {

// Holds each cell's two results, of the daemon and of the embedded runtime, against each other, and
// tells on the console where they disagree.
class Comparison : public run::Listener {
 public:
  // `asked`: how many cells, each of which runs on both.
  Comparison(std::size_t asked, std::FILE* console, LinePrinter& printer);

  void cell_finished(const run::CellResult& result) override;

  [[nodiscard]] const report::Verification& found() const { return m_found; }

 private:
  void compare(const run::CellResult& daemon, const run::CellResult& embedded);

  std::size_t m_asked;
  std::FILE* m_console;
  LinePrinter& m_printer;
  scenario::ScenarioLibrary m_scenarios;
  std::map<std::string, run::CellResult> m_waiting;  // by the cell's name without the runtime
  report::Verification m_found;
};

}  // namespace cni_matrix::cli
