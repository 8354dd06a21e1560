#pragma once

#include "diff.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::report {

// A cell whose repetitions did not come to the same outcome.
struct FlakyCell {
  std::string id;
  std::string name;
  struct Seen {
    Outcome outcome;
    std::size_t times = 0;
  };
  std::vector<Seen> seen;  // most frequent first
};

// Finds them among the results of `run --repeat N`.
class FlakyDetector {
 public:
  FlakyDetector() = default;
  FlakyDetector(const FlakyDetector&) = delete;
  FlakyDetector& operator=(const FlakyDetector&) = delete;
  FlakyDetector(FlakyDetector&&) = default;
  FlakyDetector& operator=(FlakyDetector&&) = default;
  ~FlakyDetector() = default;

  void add(const run::CellResult& result);
  // In the order of their names. Interrupted and skipped repetitions say nothing and are not
  // counted.
  [[nodiscard]] std::vector<FlakyCell> flaky() const;

 private:
  struct Repeated {
    std::string name;
    std::vector<std::pair<const Outcome*, std::size_t>> seen;
  };
  std::map<std::string, Outcome> m_outcomes;  // the different ones, by all that is compared
  std::map<std::string, Repeated> m_cells;    // by id
};

}  // namespace cni_matrix::report
