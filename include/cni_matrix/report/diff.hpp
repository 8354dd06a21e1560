#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::report {

// What a cell came to, with what differs from run to run (ids, addresses, times) taken out.
struct Outcome {
  std::string name;  // of the cell
  run::Verdict verdict = run::Verdict::broken;
  std::vector<std::string> steps;  // "RunPodSandbox: ok", "StopPodSandbox: Unknown: <message>"
  std::vector<std::string> known;
  std::string leftover;  // "1 netns, 2 lease"; empty when nothing was left
  std::string reason;

  static Outcome of(const run::CellResult& result);
  // All but the name and the reason, which is made of the rest.
  [[nodiscard]] bool same_as(const Outcome& other) const;
};

// The outcomes of a run by cell id. Of a cell that ran several times (--repeat) the worst is kept.
using Outcomes = std::map<std::string, Outcome>;
void add_outcome(Outcomes& outcomes, const run::CellResult& result);
// Error kind: input.
Expected<Outcomes> read_outcomes(const std::filesystem::path& run_file);

struct Change {
  std::string id;
  Outcome before;
  Outcome after;
};

struct Difference {
  std::vector<Change> verdicts;  // another verdict
  std::vector<Change> details;   // the same verdict by other steps, errors, behaviours or leftovers
  std::vector<std::pair<std::string, Outcome>> added;
  std::vector<std::pair<std::string, Outcome>> removed;
  std::size_t compared = 0;

  // 1 when a verdict changed, 4 when the two have no cell in common, else 0.
  [[nodiscard]] int exit_status() const;
};

Difference compare(const Outcomes& before, const Outcomes& after);

// For a person, in lines, with control characters escaped; without `unicode` in ASCII.
std::string describe(const Difference& difference, bool unicode);
Json to_json(const Difference& difference);

}  // namespace cni_matrix::report
