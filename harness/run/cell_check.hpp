#pragma once

#include "scenario/scenario_library.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/matrix/cell.hpp>

#include <map>
#include <string>

namespace cni_matrix::run {

// Whether cells can be run at all, as far as that is known without fetching or starting anything:
// what many cells have in common is looked at once.
class CellCheck {
 public:
  // Why the cell will be skipped, by what its chain lacks; empty: nothing is known against it.
  // Error kind: input, naming the scenario and the step.
  Expected<std::string> lack_of(const matrix::Cell& cell);
  // Whether a cell that is alike in this was asked about before.
  [[nodiscard]] bool knows(const matrix::Cell& cell) const;

  scenario::ScenarioLibrary& scenarios() { return m_scenarios; }

 private:
  scenario::ScenarioLibrary m_scenarios;
  std::map<std::string, std::string> m_lacks;
};

}  // namespace cni_matrix::run
