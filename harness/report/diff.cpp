#include "text.hpp"

#include <cni_matrix/matrix/normalise.hpp>
#include <cni_matrix/report/diff.hpp>
#include <cni_matrix/report/saved_run.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cni_matrix::report {

Outcome Outcome::of(const run::CellResult& result) {
  Outcome outcome;
  outcome.name = result.cell.name();
  outcome.verdict = result.verdict;
  outcome.known = result.known;
  outcome.leftover = leftover_counts(result.leftover);
  outcome.reason = result.reason;
  for (const auto& step : result.steps) {
    outcome.steps.push_back(step.ok ? fmt::format("{}: ok", step_name(step))
                                    : fmt::format("{}: {}{}{}", step_name(step), step.code,
                                                  step.code.empty() ? "" : ": ",
                                                  matrix::normalise_error(step.error)));
  }
  return outcome;
}

bool Outcome::same_as(const Outcome& other) const {
  return verdict == other.verdict && steps == other.steps && known == other.known &&
         leftover == other.leftover;
}

void add_outcome(Outcomes& outcomes, const run::CellResult& result) {
  auto outcome = Outcome::of(result);
  const auto [place, is_new] = outcomes.try_emplace(result.cell.id(), outcome);
  if (!is_new && gravity(outcome.verdict) > gravity(place->second.verdict)) {
    place->second = std::move(outcome);
  }
}

Expected<Outcomes> read_outcomes(const std::filesystem::path& run_file) {
  Outcomes outcomes;
  SavedRunVisitor visitor;
  visitor.started = [](const run::Provenance&, std::size_t) {};
  visitor.cell = [&](run::CellResult&& result) { add_outcome(outcomes, result); };
  CNI_MATRIX_TRY(read_run(run_file, visitor));
  return outcomes;
}

Difference compare(const Outcomes& before, const Outcomes& after) {
  Difference difference;
  for (const auto& [id, old_outcome] : before) {
    const auto found = after.find(id);
    if (found == after.end()) {
      difference.removed.emplace_back(id, old_outcome);
      continue;
    }
    ++difference.compared;
    if (old_outcome.verdict != found->second.verdict) {
      difference.verdicts.push_back({id, old_outcome, found->second});
    } else if (!old_outcome.same_as(found->second)) {
      difference.details.push_back({id, old_outcome, found->second});
    }
  }
  for (const auto& [id, outcome] : after) {
    if (before.count(id) == 0) {
      difference.added.emplace_back(id, outcome);
    }
  }
  const auto by_name = [](const Change& a, const Change& b) { return a.after.name < b.after.name; };
  std::sort(difference.verdicts.begin(), difference.verdicts.end(), by_name);
  std::sort(difference.details.begin(), difference.details.end(), by_name);
  const auto pair_by_name = [](const auto& a, const auto& b) {
    return a.second.name < b.second.name;
  };
  std::sort(difference.added.begin(), difference.added.end(), pair_by_name);
  std::sort(difference.removed.begin(), difference.removed.end(), pair_by_name);
  return difference;
}

int Difference::exit_status() const {
  if (!verdicts.empty()) {
    return 1;
  }
  return compared == 0 ? 4 : 0;
}

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// The lines in which two outcomes differ: "-" as it was, "+" as it is.
void describe_change(std::string& out, const Change& change, bool unicode) {
  const auto line = [&](char sign, const std::string& text) {
    out += fmt::format("      {} {}\n", sign, shown(text, unicode));
  };
  const auto& before = change.before;
  const auto& after = change.after;
  for (std::size_t i = 0; i < std::max(before.steps.size(), after.steps.size()); ++i) {
    const auto* was = i < before.steps.size() ? &before.steps[i] : nullptr;
    const auto* is = i < after.steps.size() ? &after.steps[i] : nullptr;
    if (was != nullptr && is != nullptr && *was == *is) {
      continue;
    }
    if (was != nullptr) {
      line('-', *was);
    }
    if (is != nullptr) {
      line('+', *is);
    }
  }
  const auto pair = [&](const char* what, const std::string& was, const std::string& is) {
    if (was != is) {
      line('-', fmt::format("{}: {}", what, was.empty() ? "none" : was));
      line('+', fmt::format("{}: {}", what, is.empty() ? "none" : is));
    }
  };
  pair("known behaviours", joined(before.known), joined(after.known));
  pair("left behind", before.leftover, after.leftover);
  if (before.verdict != after.verdict) {
    pair("reason", before.reason, after.reason);
  }
}

}  // namespace

std::string describe(const Difference& difference, bool unicode) {
  std::string out;
  const auto heading = [&](const std::string& text) {
    out += (out.empty() ? "" : "\n") + text + "\n";
  };
  if (!difference.verdicts.empty()) {
    heading("Another verdict");
    for (const auto& change : difference.verdicts) {
      out += fmt::format("  {}  {} -> {}  (--cell {})\n", shown(change.after.name, unicode),
                         name_of(change.before.verdict), name_of(change.after.verdict), change.id);
      describe_change(out, change, unicode);
    }
  }
  if (!difference.details.empty()) {
    heading("The same verdict, by another way");
    for (const auto& change : difference.details) {
      out += fmt::format("  {}  {}  (--cell {})\n", shown(change.after.name, unicode),
                         name_of(change.after.verdict), change.id);
      describe_change(out, change, unicode);
    }
  }
  const auto list = [&](const char* title, const auto& cells) {
    if (!cells.empty()) {
      heading(title);
      for (const auto& [id, outcome] : cells) {
        out += fmt::format("  {}  {}  (--cell {})\n", shown(outcome.name, unicode),
                           name_of(outcome.verdict), id);
      }
    }
  };
  list("Only in the new run", difference.added);
  list("Only in the old run", difference.removed);
  heading(
      fmt::format("{} compared: {} with another verdict, {} by another way, {} added, {} removed",
                  counted(difference.compared, "cell"), difference.verdicts.size(),
                  difference.details.size(), difference.added.size(), difference.removed.size()));
  return out;
}

namespace {

Json outcome_json(const Outcome& outcome) {
  return {{"verdict", run::name_of(outcome.verdict)},
          {"steps", outcome.steps},
          {"known", outcome.known},
          {"leftover", outcome.leftover},
          {"reason", outcome.reason}};
}

Json changes_json(const std::vector<Change>& changes) {
  Json list = Json::array();
  for (const auto& change : changes) {
    list.push_back({{"id", change.id},
                    {"name", change.after.name},
                    {"before", outcome_json(change.before)},
                    {"after", outcome_json(change.after)}});
  }
  return list;
}

Json cells_json(const std::vector<std::pair<std::string, Outcome>>& cells) {
  Json list = Json::array();
  for (const auto& [id, outcome] : cells) {
    list.push_back(
        {{"id", id}, {"name", outcome.name}, {"verdict", run::name_of(outcome.verdict)}});
  }
  return list;
}

}  // namespace

Json to_json(const Difference& difference) {
  return {{"compared", difference.compared},
          {"verdicts", changes_json(difference.verdicts)},
          {"details", changes_json(difference.details)},
          {"added", cells_json(difference.added)},
          {"removed", cells_json(difference.removed)},
          {"exit_status", difference.exit_status()}};
}

}  // namespace cni_matrix::report
