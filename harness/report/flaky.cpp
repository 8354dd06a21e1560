#include "flaky.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cni_matrix::report {

void FlakyDetector::add(const run::CellResult& result) {
  if (result.verdict == run::Verdict::interrupted || result.verdict == run::Verdict::skip) {
    return;
  }
  auto outcome = Outcome::of(result);
  // Most of the cells of a run share a few outcomes, so those are kept once.
  const auto signature =
      fmt::format("{}\n{}\n{}\n{}", run::name_of(outcome.verdict), fmt::join(outcome.steps, "\n"),
                  fmt::join(outcome.known, " "), outcome.leftover);
  const auto place = m_outcomes.try_emplace(signature, outcome).first;
  auto& cell = m_cells[result.cell.id()];
  cell.name = std::move(outcome.name);
  const auto seen = std::find_if(cell.seen.begin(), cell.seen.end(),
                                 [&](const auto& entry) { return entry.first == &place->second; });
  if (seen == cell.seen.end()) {
    cell.seen.emplace_back(&place->second, 1);
  } else {
    ++seen->second;
  }
}

std::vector<FlakyCell> FlakyDetector::flaky() const {
  std::vector<FlakyCell> cells;
  for (const auto& [id, repeated] : m_cells) {
    if (repeated.seen.size() < 2) {
      continue;
    }
    FlakyCell cell{id, repeated.name, {}};
    for (const auto& [outcome, times] : repeated.seen) {
      cell.seen.push_back({*outcome, times});
      cell.seen.back().outcome.name = repeated.name;
    }
    std::stable_sort(cell.seen.begin(), cell.seen.end(),
                     [](const auto& a, const auto& b) { return a.times > b.times; });
    cells.push_back(std::move(cell));
  }
  std::sort(cells.begin(), cells.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return cells;
}

}  // namespace cni_matrix::report
