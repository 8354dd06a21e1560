#pragma once

#include "scenario/scenario_library.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/matrix/cell.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::run {

// Whether cells can be run at all, as far as that is known without fetching or starting anything:
// what many cells have in common is looked at once.
class CellCheck {
 public:
  // Why the cell will be skipped, by what its chain lacks; empty: nothing is known against it.
  // Error kind: input, naming the scenario and the step.
  Expected<std::string> lack_of(const matrix::Cell& cell);

  // The containerds and plugins of a cell: those that it begins with, and those that steps change
  // to. Error kind: input.
  using Tokens = std::vector<std::pair<artifacts::Component, std::string>>;
  Expected<Tokens> tokens_of(const matrix::Cell& cell);

  // What is foreseen of the cell's conflist and is no reason against the cell: that no containerd
  // can read it. Each is told once; empty: nothing, or it was told before. Error kind: input.
  Expected<std::string> warning_of(const matrix::Cell& cell);

  // One sentence for each plugin of the cell's conflist that these have not, with the cure. Each is
  // told once. Error kind: input.
  Expected<std::vector<std::string>> missing_plugins(const matrix::Cell& cell,
                                                     const artifacts::Artifact& plugins);

 private:
  // Those that its node brings with it.
  Expected<std::vector<std::string>> plugins_of_node(const matrix::Cell& cell);
  scenario::ScenarioLibrary m_scenarios;
  // That the model knows of each containerd that it is to stand in for. Error kind: input.
  Expected<void> check_versions(const matrix::Cell& cell);

  std::map<std::string, std::string> m_lacks;
  std::map<std::string, Tokens> m_tokens;  // of steps
  std::set<std::string> m_modelled;        // containerds that the model knows of
  std::set<std::string> m_read;            // files that were looked at for a warning
  std::set<std::string> m_told;            // plugins and files that were held against each other
};

}  // namespace cni_matrix::run
