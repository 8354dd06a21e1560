#include "diff.hpp"

#include "saved_run.hpp"
#include "text.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "verdict/normalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace cni_matrix::report {

Outcome Outcome::of(const run::CellResult& result) {
  Outcome outcome;
  outcome.id = result.cell.id();
  outcome.name = result.cell.name();
  outcome.verdict = result.verdict;
  outcome.known = result.known;
  outcome.leftover = leftover_counts(result.leftover);
  outcome.reason = result.reason;
  for (const auto& step : result.steps) {
    outcome.steps.push_back(step.ok ? fmt::format("{}: ok", step_name(step))
                                    : fmt::format("{}: {}{}{}", step_name(step), step.code,
                                                  step.code.empty() ? "" : ": ",
                                                  verdict::comparable_error(step.error)));
  }
  return outcome;
}

bool Outcome::same_as(const Outcome& other) const {
  return verdict == other.verdict && steps == other.steps && known == other.known &&
         leftover == other.leftover;
}

namespace {

// The worst of several outcomes of a cell.
void add_worst(Outcomes& outcomes, const std::string& key, Outcome outcome) {
  const auto [place, is_new] = outcomes.try_emplace(key, outcome);
  if (!is_new && gravity(outcome.verdict) > gravity(place->second.verdict)) {
    place->second = std::move(outcome);
  }
}

std::string column_of(const run::CellResult& result, const std::string& column) {
  const auto& cell = result.cell;
  if (column == "containerd") {
    return cell.containerd;
  }
  if (column == "plugins") {
    return cell.plugins;
  }
  // A cell that was skipped came to no version.
  if (column == "containerd-version") {
    return result.containerd_version.empty() ? cell.containerd : result.containerd_version;
  }
  if (column == "plugins-version") {
    return result.plugins_version.empty() ? cell.plugins : result.plugins_version;
  }
  if (column == "conflist") {
    return cell.conflist.label() + " " + cell.conflist.form;
  }
  if (column == "runtime") {
    return std::string(matrix::name_of(cell.runtime));
  }
  auto text = cell.scenario;
  for (const auto& [name, value] : cell.parameters) {
    // Tokens of versions that a scenario changes to are its own, not those of the two builds.
    text += fmt::format(" {}={}", name, value);
  }
  return text + fmt::format(" {} {}", cell.host_port.value_or(0), cell.mark_chain);
}

Expected<void> check_columns(const std::vector<std::string>& by) {
  const auto& columns = identity_columns();
  for (const auto& column : by) {
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      return input_error("--by {}: there is no such column; there are {}{}", printable(column),
                         fmt::join(columns, ", "), did_you_mean(column, columns));
    }
  }
  return {};
}

}  // namespace

void add_outcome(Outcomes& outcomes, const run::CellResult& result) {
  auto outcome = Outcome::of(result);
  const auto id = outcome.id;
  add_worst(outcomes, id, std::move(outcome));
}

const std::vector<std::string>& identity_columns() {
  static const std::vector<std::string> columns = {
      "containerd", "plugins", "containerd-version", "plugins-version", "conflist",
      "scenario",   "runtime"};
  return columns;
}

Expected<Outcomes> read_outcomes(const std::filesystem::path& run_file,
                                 const std::vector<std::string>& by) {
  TRY(check_columns(by));
  Outcomes outcomes;
  std::optional<Error> ambiguous;
  SavedRunVisitor visitor;
  visitor.started = [](const run::Provenance&, std::size_t) {};
  visitor.cell = [&](run::CellResult&& result) {
    if (by.empty()) {
      add_outcome(outcomes, result);
      return;
    }
    std::string key;
    for (const auto& column : by) {
      key += column_of(result, column) + "\n";
    }
    auto outcome = Outcome::of(result);
    if (const auto found = outcomes.find(key);
        found != outcomes.end() && found->second.id != outcome.id && !ambiguous) {
      ambiguous = Error{
          ErrorKind::input,
          fmt::format("{}: by {} the cells {} and {} are one; name a column more in "
                      "which they differ",
                      run_file.string(), fmt::join(by, ","), found->second.name, outcome.name)};
    }
    add_worst(outcomes, key, std::move(outcome));
  };
  TRY(read_run(run_file, visitor));
  if (ambiguous) {
    return tl::unexpected(*ambiguous);
  }
  return outcomes;
}

void keep_only(Outcomes& outcomes, const std::vector<matrix::Cell>& cells) {
  std::set<std::string> ids;
  for (const auto& cell : cells) {
    ids.insert(cell.id());
  }
  std::erase_if(outcomes, [&](const auto& entry) { return !ids.contains(entry.first); });
}

namespace {

bool failed(run::Verdict verdict) {
  return verdict == run::Verdict::fail || verdict == run::Verdict::leak;
}

}  // namespace

bool Change::worse() const {
  return before.verdict != after.verdict &&
         (failed(after.verdict) || after.verdict == run::Verdict::broken ||
          after.verdict == run::Verdict::skip);
}

Difference compare(const Outcomes& before, const Outcomes& after) {
  Difference difference;
  for (const auto& [key, old_outcome] : before) {
    const auto found = after.find(key);
    if (found == after.end()) {
      difference.removed.emplace_back(old_outcome.id, old_outcome);
      continue;
    }
    ++difference.compared;
    const Change change{found->second.id, old_outcome, found->second};
    if (old_outcome.verdict != found->second.verdict) {
      difference.verdicts.push_back(change);
    } else if (!old_outcome.same_as(found->second)) {
      difference.details.push_back(change);
    }
    if (failed(old_outcome.verdict) && failed(found->second.verdict)) {
      difference.failing.push_back(change);
    }
  }
  for (const auto& [key, outcome] : after) {
    if (before.count(key) == 0) {
      difference.added.emplace_back(outcome.id, outcome);
    }
  }
  const auto by_name = [](const Change& a, const Change& b) { return a.after.name < b.after.name; };
  std::sort(difference.verdicts.begin(), difference.verdicts.end(), by_name);
  std::sort(difference.details.begin(), difference.details.end(), by_name);
  std::sort(difference.failing.begin(), difference.failing.end(), by_name);
  const auto pair_by_name = [](const auto& a, const auto& b) {
    return a.second.name < b.second.name;
  };
  std::sort(difference.added.begin(), difference.added.end(), pair_by_name);
  std::sort(difference.removed.begin(), difference.removed.end(), pair_by_name);
  return difference;
}

std::size_t Difference::worse() const {
  return static_cast<std::size_t>(std::count_if(
      verdicts.begin(), verdicts.end(), [](const Change& change) { return change.worse(); }));
}

Ending Difference::ending() const {
  if (const auto count = worse(); count > 0) {
    return {ExitStatus::bad_news, counted(count, "cell") + " got worse"};
  }
  if (compared == 0) {
    return {ExitStatus::no_answer, "the two runs have no cell in common"};
  }
  return {ExitStatus::good, "no cell got worse"};
}

Ending ending_beside(const Difference& difference, const run::RunSummary& summary,
                     Ratchet ratchet) {
  auto own = summary.ending();
  const bool answered = own.status == ExitStatus::good || own.status == ExitStatus::bad_news ||
                        own.status == ExitStatus::no_answer;
  if (summary.interrupted || !answered) {
    return own;
  }
  if (ratchet == Ratchet::off) {
    auto beside = difference.ending();
    if (beside.status == ExitStatus::no_answer) {
      beside.words = "no cell of the baseline was selected";
    }
    if (own.status == ExitStatus::bad_news && beside.status == ExitStatus::bad_news) {
      return {ExitStatus::bad_news,
              fmt::format("{}; {} than in the baseline", own.words, beside.words)};
    }
    if (beside.status == ExitStatus::bad_news) {
      beside.words += " than in the baseline";
    }
    return graver(own.status, beside.status) == own.status ? own : beside;
  }
  std::size_t fresh = 0;
  for (const auto& change : difference.verdicts) {
    fresh += failed(change.after.verdict) && !failed(change.before.verdict) ? 1 : 0;
  }
  for (const auto& [id, outcome] : difference.added) {
    fresh += failed(outcome.verdict) ? 1 : 0;
  }
  std::string words;
  if (fresh > 0) {
    words = fmt::format("{} that the baseline does not have", counted(fresh, "failure"));
  }
  // --fail-on is asked for by itself, and the baseline is no excuse for it.
  auto asked = summary;
  asked.verdicts.erase(run::Verdict::fail);
  asked.verdicts.erase(run::Verdict::leak);
  if (const auto rest = asked.ending(); rest.status == ExitStatus::bad_news) {
    words += (words.empty() ? "" : "; ") + rest.words;
  }
  if (!words.empty()) {
    return {ExitStatus::bad_news, std::move(words)};
  }
  if (own.status == ExitStatus::no_answer) {
    return own;
  }
  return {ExitStatus::good, difference.failing.empty()
                                ? "no cell failed that did not fail in the baseline"
                                : fmt::format("only what failed in the baseline too: {}",
                                              counted(difference.failing.size(), "cell"))};
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
  // Where only some columns make a cell's identity, its old name is told too.
  const auto names = [&](const Change& change) {
    return change.before.name == change.after.name
               ? shown(change.after.name, unicode)
               : fmt::format("{} (was {})", shown(change.after.name, unicode),
                             shown(change.before.name, unicode));
  };
  const auto verdicts = [&](const char* title, bool worse) {
    bool first = true;
    for (const auto& change : difference.verdicts) {
      if (change.worse() != worse) {
        continue;
      }
      if (std::exchange(first, false)) {
        heading(title);
      }
      out += fmt::format("  {}  {} -> {}  (--cell {})\n", names(change),
                         name_of(change.before.verdict), name_of(change.after.verdict), change.id);
      describe_change(out, change, unicode);
    }
  };
  verdicts("Worse", true);
  verdicts("Another verdict, not worse", false);
  if (!difference.details.empty()) {
    heading("The same verdict, by another way");
    for (const auto& change : difference.details) {
      out += fmt::format("  {}  {}  (--cell {})\n", names(change), name_of(change.after.verdict),
                         change.id);
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
  if (!difference.failing.empty()) {
    heading("Fails in both");
    for (const auto& change : difference.failing) {
      out += fmt::format("  {}  {}  (--cell {})\n", names(change), name_of(change.after.verdict),
                         change.id);
    }
  }
  list("Only in the new run", difference.added);
  list("Only in the old run", difference.removed);
  heading(fmt::format(
      "{} compared: {} with another verdict ({} worse), {} by another way, {} failing in "
      "both, {} added, {} removed",
      counted(difference.compared, "cell"), difference.verdicts.size(), difference.worse(),
      difference.details.size(), difference.failing.size(), difference.added.size(),
      difference.removed.size()));
  return out;
}

namespace {

Json outcome_json(const Outcome& outcome) {
  return {{"name", outcome.name},         {"verdict", run::name_of(outcome.verdict)},
          {"steps", outcome.steps},       {"known", outcome.known},
          {"leftover", outcome.leftover}, {"reason", outcome.reason}};
}

Json changes_json(const std::vector<Change>& changes) {
  Json list = Json::array();
  for (const auto& change : changes) {
    list.push_back({{"id", change.id},
                    {"name", change.after.name},
                    {"worse", change.worse()},
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
          {"failing", changes_json(difference.failing)},
          {"added", cells_json(difference.added)},
          {"removed", cells_json(difference.removed)},
          {"exit_status", difference.exit_status()}};
}

}  // namespace cni_matrix::report
