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
  std::string id;    // of the cell
  std::string name;  // of the cell
  run::Verdict verdict = run::Verdict::broken;
  std::vector<std::string> steps;  // "RunPodSandbox: ok", "StopPodSandbox: Unknown: <message>"
  std::vector<std::string> known;
  std::string leftover;  // "1 netns, 2 lease"; empty when nothing was left
  std::string reason;

  static Outcome of(const run::CellResult& result);
  // All but id, name and reason, which is made of the rest.
  [[nodiscard]] bool same_as(const Outcome& other) const;
};

// The outcomes of a run by cell id, or by the columns of an identity. Of a cell that ran several
// times (--repeat) the worst is kept.
using Outcomes = std::map<std::string, Outcome>;
void add_outcome(Outcomes& outcomes, const run::CellResult& result);

// What can tell the cells of one run apart, for two runs whose version tokens differ: containerd
// and plugins (tokens), containerd-version and plugins-version (what they came to), conflist (its
// cniVersion with it), scenario (with its parameters and the host's set-up), runtime.
const std::vector<std::string>& identity_columns();

// `by`: some of identity_columns(); empty: the cell's id. Error kind: input, also when two cells of
// the run are one by those columns.
Expected<Outcomes> read_outcomes(const std::filesystem::path& run_file,
                                 const std::vector<std::string>& by = {});
// Leaves what is of these cells: a baseline says nothing of what was not selected.
void keep_only(Outcomes& outcomes, const std::vector<matrix::Cell>& cells);

struct Change {
  std::string id;  // of the cell in the new run
  Outcome before;
  Outcome after;

  // To fail, leak, broken or skip. A pass that is a known behaviour now, and the other way round,
  // is another verdict and no worse; a cell that was interrupted says nothing.
  [[nodiscard]] bool worse() const;
};

struct Difference {
  std::vector<Change> verdicts;  // another verdict
  std::vector<Change> details;   // the same verdict by other steps, errors, behaviours or leftovers
  std::vector<Change> failing;   // fail or leak in both, which may be among the two above
  std::vector<std::pair<std::string, Outcome>> added;
  std::vector<std::pair<std::string, Outcome>> removed;
  std::size_t compared = 0;

  [[nodiscard]] std::size_t worse() const;
  // 1 when a cell got worse, 4 when the two have no cell in common, else 0.
  [[nodiscard]] Ending ending() const;
  [[nodiscard]] int exit_status() const { return number_of(ending().status); }
};

// With a ratchet, what failed in the baseline too is no bad news, and a cell that the baseline does
// not have or did not see fail is.
enum class Ratchet { off, on };
// What a run comes to beside its baseline.
Ending ending_beside(const Difference& difference, const run::RunSummary& summary, Ratchet ratchet);

Difference compare(const Outcomes& before, const Outcomes& after);

// For a person, in lines, with control characters escaped; without `unicode` in ASCII.
std::string describe(const Difference& difference, bool unicode);
Json to_json(const Difference& difference);

}  // namespace cni_matrix::report
