#include "cell_groups.hpp"

#include "text.hpp"

#include "base/text.hpp"
#include "verdict/leaks.hpp"
#include "verdict/normalise.hpp"
#include "verdict/residue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cni_matrix::report {

namespace {

constexpr std::size_t k_kept_cells = 1000;    // names that a group remembers
constexpr std::size_t k_shown_entries = 3;    // leftovers of a class that are named
constexpr std::size_t k_shown_leaks = 5;      // of a cell that leaked
constexpr std::size_t k_shown_log_lines = 8;  // of a broken cell

// All that two cells must have in common to be one entry. Skips are told apart by their reason
// only.
std::string key_of(const run::CellResult& result) {
  std::string key =
      fmt::format("{}\n{}\n", 9 - gravity(result.verdict), fmt::join(result.known, " "));
  if (result.verdict != run::Verdict::skip) {
    key += result.cell.scenario + "\n" + leftover_counts(result.leftover) + "\n";
    for (const auto& step : result.steps) {
      if (!step.ok) {
        key += fmt::format("{} {} {}\n", step_name(step), step.code,
                           verdict::comparable_error(step.error));
      }
    }
    key += verdict::comparable_error(load_error_of(result)) + "\n";
  }
  return key + verdict::comparable_error(result.reason);
}

// What is left by a behaviour that explains it: a line for each class.
std::vector<std::string> left_lines(const node::Inventory& leaked) {
  std::vector<std::string> lines;
  for (const auto leak : node::k_leak_classes) {
    const auto& entries = leaked.of(leak);
    if (entries.empty()) {
      continue;
    }
    const auto named = std::min(entries.size(), k_shown_entries);
    auto text = fmt::format(
        "{} {}: {}", entries.size(), node::name_of(leak),
        fmt::join(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(named), "; "));
    if (named < entries.size()) {
      text += fmt::format("; and {} more", entries.size() - named);
    }
    lines.push_back(std::move(text));
  }
  return lines;
}

// What nothing explains: each once, whose it is and how to take it away.
std::vector<std::string> leak_lines(const node::Inventory& leaked) {
  std::vector<std::string> lines;
  for (const auto& leak : verdict::describe(leaked)) {
    auto text = fmt::format("{}: {} ({}); to remove: {}", node::name_of(leak.leak), leak.entry,
                            leak.owner, leak.clean_up);
    if (std::find(lines.begin(), lines.end(), text) == lines.end()) {
      lines.push_back(std::move(text));
    }
  }
  if (lines.size() > k_shown_leaks) {
    const auto more = lines.size() - k_shown_leaks;
    lines.resize(k_shown_leaks);
    lines.push_back(fmt::format("and {} more", more));
  }
  return lines;
}

}  // namespace

void CellGroups::add(const run::CellResult& result) {
  auto& group = m_groups[key_of(result)];
  const auto name = result.cell.name();
  if (group.count == 0 || name < group.example.cell.name()) {
    group.example = result;
    group.example.trace.clear();
    group.example.after_run.reset();
    if (result.verdict != run::Verdict::broken) {
      group.example.log.clear();
    }
  }
  if (group.cells.size() < k_kept_cells) {
    group.cells.try_emplace(name, result.cell.id());
  }
  ++group.count;
  group.modelled += result.runtime == "embedded" ? 1 : 0;
}

std::vector<std::string> CellGroups::lines(const std::vector<run::Verdict>& verdicts,
                                           const Style& style, const TitleOf& title_of,
                                           std::size_t most_cells) const {
  std::vector<std::string> lines;
  for (const auto& [key, group] : m_groups) {
    if (std::find(verdicts.begin(), verdicts.end(), group.example.verdict) != verdicts.end()) {
      if (!lines.empty()) {
        lines.emplace_back();
      }
      describe(group, style, title_of, most_cells, lines);
    }
  }
  return lines;
}

void CellGroups::describe(const Group& group, const Style& style, const TitleOf& title_of,
                          std::size_t most_cells, std::vector<std::string>& lines) {
  const auto& example = group.example;
  const auto put = [&](std::string_view label, std::string_view text) {
    lines.push_back(fmt::format("  {:<8} {}", label, shown(text, style.unicode)));
  };
  std::string head = fmt::format("{} {}", style.symbol(example.verdict), name_of(example.verdict));
  if (!example.known.empty()) {
    head +=
        fmt::format(" {}", shown(fmt::format("{}", fmt::join(example.known, " ")), style.unicode));
  }
  if (example.verdict != run::Verdict::skip) {
    head += ", " + shown(example.cell.scenario, style.unicode);
  }
  head += fmt::format(": {}", counted(group.count, "cell"));
  if (group.modelled > 0) {
    head += group.modelled == group.count ? ", modelled"
                                          : fmt::format(", {} of them modelled", group.modelled);
  }
  lines.push_back(style.painted(example.verdict, head));

  if (!example.reason.empty()) {
    put("why", example.reason);
  }
  for (const auto& step : example.steps) {
    if (!step.ok) {
      put("step", fmt::format("{}: {}{}{}", step_name(step), step.code,
                              step.code.empty() ? "" : ": ", step.error));
    }
  }
  if (const auto cause = load_error_of(example); !cause.empty()) {
    put("cause", cause);
  }
  const auto leaked = verdict::split_residue(example.leftover).leaked;
  for (const auto& text :
       example.verdict == run::Verdict::leak ? leak_lines(leaked) : left_lines(leaked)) {
    put("left", text);
  }
  for (const auto& id : example.known) {
    const auto title = title_of ? title_of(id) : std::string();
    put("known", title.empty() ? id : fmt::format("{}: {}", id, title));
  }
  if (!example.remedy.empty()) {
    put("remedy", example.remedy);
  }
  if (example.verdict == run::Verdict::broken) {
    for (const auto& line : log_tail(example.log, k_shown_log_lines, style.unicode)) {
      put("log", line);
    }
  }
  std::size_t listed = 0;
  for (const auto& [name, id] : group.cells) {
    if (listed == most_cells) {
      break;
    }
    ++listed;
    lines.push_back(fmt::format("  {:<8} {}  {}", listed == 1 ? "cells" : "",
                                shown(name, style.unicode), style.dim("(--cell " + id + ")")));
  }
  if (listed < group.count && listed < group.cells.size()) {
    lines.push_back(fmt::format("  {:<8} and {} more", "", group.cells.size() - listed));
  }
}

std::vector<std::string> log_tail(const std::string& log, std::size_t most, bool unicode) {
  std::vector<std::string> tail;
  for (const auto& line : split(trim(log), '\n')) {
    if (auto text = shown(line, unicode); !text.empty()) {
      tail.push_back(std::move(text));
    }
  }
  if (tail.size() > most) {
    tail.erase(tail.begin(), tail.end() - static_cast<std::ptrdiff_t>(most));
  }
  return tail;
}

}  // namespace cni_matrix::report
