#include "result_tables.hpp"

#include "text.hpp"

#include "artifacts/debian_suites.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace cni_matrix::report {

namespace {

constexpr std::string_view k_as_in_file = "as in the file";
constexpr std::string_view k_corner = "containerd";
constexpr std::string_view k_group = "cniVersion";
constexpr std::size_t k_gap = 2;  // between columns

// "lifecycle, bridge-portmap.conf, to 1.0.0, host port 18080, KUBE-MARK-MASQ"
std::string title_of(const matrix::Cell& cell) {
  std::string title = cell.scenario + ", " + cell.conflist.name;
  if (cell.conflist.form != "conflist") {
    title += "." + cell.conflist.form;
  }
  for (const auto& [name, value] : cell.parameters) {
    title += fmt::format(", {} {}", name, value);
  }
  if (cell.host_port) {
    title += fmt::format(", host port {}", *cell.host_port);
  }
  if (cell.mark_chain) {
    title += ", KUBE-MARK-MASQ";
  }
  return title;
}

// The version that a token names, if it names one: of "release:1.6.2", "dir:/x@1.6.2", "1.6.2".
std::optional<Version> version_in(const std::string& token) {
  const auto mark = token.find_last_of(":@");
  auto version = Version::parse(mark == std::string::npos ? token : token.substr(mark + 1));
  return version ? std::optional<Version>(*version) : std::nullopt;
}

// Debian's suites in the order of their releases; what is no suite comes after them.
int suite_rank(std::string_view token) {
  constexpr std::string_view k_debian = "debian:";
  return artifacts::rank_of_debian_suite(token.starts_with(k_debian) ? token.substr(k_debian.size())
                                                                     : std::string_view());
}

// "as in the file", none and empty before the versions.
int variant_rank(const std::string& variant) {
  return variant == k_as_in_file ? 0 : variant == "none" ? 1 : variant == "empty" ? 2 : 3;
}

}  // namespace

bool ResultTables::Order::operator()(const Label& a, const Label& b) const {
  // Labels without a version come last; the texts decide where all else is equal.
  const auto key = [](const Label& label) {
    const auto variant = version_in(label.variant);
    const auto token = version_in(label.token);
    return std::make_tuple(variant_rank(label.variant), !variant.has_value(),
                           variant.value_or(Version()), !token.has_value(),
                           token.value_or(Version()), suite_rank(label.token));
  };
  const auto left = key(a);
  const auto right = key(b);
  if (left != right) {
    return left < right;
  }
  return std::tie(a.token, a.variant) < std::tie(b.token, b.variant);
}

void ResultTables::add(const run::CellResult& result) {
  const auto& cell = result.cell;
  auto& table = m_tables[title_of(cell)];
  const Label column{cell.plugins, cell.conflist.cni_version.value_or(std::string(k_as_in_file))};
  auto& plugins_version = table.columns[column];
  if (!result.plugins_version.empty()) {
    plugins_version = result.plugins_version;
  }
  auto& row = table.rows[{cell.containerd, std::string(matrix::name_of(cell.runtime))}];
  if (!result.containerd_version.empty()) {
    row.version = result.containerd_version;
  }
  row.daemon = row.daemon || result.runtime == "daemon";
  row.modelled = row.modelled || result.runtime == "embedded";
  m_daemon = m_daemon || row.daemon;
  m_modelled = m_modelled || row.modelled;
  m_verdicts.insert(result.verdict);

  Slot slot{result.verdict, fmt::format("{}", fmt::join(result.known, " ")), false};
  const auto [place, is_new] = row.slots.try_emplace(column, slot);
  if (!is_new && (place->second.verdict != slot.verdict || place->second.known != slot.known)) {
    // Repeated, with another outcome.
    if (gravity(slot.verdict) > gravity(place->second.verdict)) {
      place->second = std::move(slot);
    }
    place->second.flaky = true;
    m_flaky = true;
  }
}

std::string ResultTables::cell_text(const Slot& slot, const Style& style) {
  std::string text(style.symbol(slot.verdict));
  if (!slot.known.empty()) {
    text += ' ' + shown(slot.known, style.unicode);
  }
  return slot.flaky ? text + " ~" : text;
}

// "debian:bookworm 1.6.20 d"
std::string ResultTables::row_text(const Label& label, const Row& row) {
  std::string text = label.token;
  if (!row.version.empty() && row.version != label.token) {
    text += ' ' + row.version;
  }
  const char* mark = row.daemon && row.modelled ? " dm"
                     : row.daemon               ? " d"
                     : row.modelled             ? " m"
                                                : "";
  return text + mark;
}

// A column's head is the version, with the token over it where the two differ.
std::vector<ResultTables::Column> ResultTables::columns_of(const Table& table, const Style& style) {
  std::vector<Column> columns;
  for (const auto& [label, version] : table.columns) {
    Column column;
    column.label = label;
    auto token = shown(label.token, style.unicode);
    column.head = {version.empty() || version == label.token ? "" : token,
                   version.empty() ? token : shown(version, style.unicode)};
    column.columns = std::max(width(column.head[0]), width(column.head[1]));
    for (const auto& [row_label, row] : table.rows) {
      if (const auto slot = row.slots.find(label); slot != row.slots.end()) {
        column.columns = std::max(column.columns, width(cell_text(slot->second, style)));
      }
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

// By the version that a token came to, so that debian:bookworm (1.6.20) stands before 1.7.0.
std::vector<const ResultTables::LabelledRow*> ResultTables::rows_of(const Table& table) {
  std::vector<const LabelledRow*> rows;
  for (const auto& entry : table.rows) {
    rows.push_back(&entry);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    const auto key = [](const auto* entry) {
      const auto& version = entry->second.version;
      const auto parsed = version_in(version.empty() ? entry->first.token : version);
      return std::make_pair(!parsed.has_value(), parsed.value_or(Version()));
    };
    return key(a) < key(b);
  });
  return rows;
}

// The end of the columns that stand beside each other from `begin` on: as many as fit, split
// between cniVersions if possible.
std::size_t ResultTables::end_of_part(const std::vector<Column>& columns, std::size_t begin,
                                      std::size_t first, std::size_t room) {
  std::size_t end = begin;
  std::size_t used = first;
  while (end < columns.size() && (end == begin || used + k_gap + columns[end].columns <= room)) {
    used += k_gap + columns[end].columns;
    ++end;
  }
  if (end == columns.size()) {
    return end;
  }
  auto split = end;
  while (split > begin && columns[split - 1].label.variant == columns[end].label.variant) {
    --split;
  }
  return split > begin ? split : end;
}

// A cniVersion stands over the first of its columns and may reach over the others; where it is
// wider than they are, the last of them is widened.
std::string ResultTables::group_line(std::span<Column> columns, std::size_t first,
                                     const Style& style) {
  std::string line = "  " + padded(k_group, first);
  std::size_t position = width(line);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& variant = columns[i].label.variant;
    position += k_gap;
    if (i == 0 || columns[i - 1].label.variant != variant) {
      line = padded(line, position) + shown(variant, style.unicode);
      if (width(line) > position + columns[i].columns &&
          (i + 1 == columns.size() || columns[i + 1].label.variant != variant)) {
        columns[i].columns = width(line) - position;
      }
    }
    position += columns[i].columns;
  }
  return style.dim(line);
}

void ResultTables::draw(const Table& table, const Style& style, std::vector<std::string>& lines) {
  std::size_t first = std::max(k_corner.size(), k_group.size());
  for (const auto& [label, row] : table.rows) {
    first = std::max(first, width(shown(row_text(label, row), style.unicode)));
  }
  auto columns = columns_of(table, style);
  const bool two_lines = std::any_of(columns.begin(), columns.end(), [](const Column& column) {
    return !column.head.front().empty();
  });
  const bool groups = std::any_of(columns.begin(), columns.end(), [](const Column& column) {
    return column.label.variant != k_as_in_file;
  });
  const auto rows = rows_of(table);
  const auto room = static_cast<std::size_t>(std::max(style.columns, 40));
  for (std::size_t begin = 0; begin < columns.size();) {
    const auto end = end_of_part(columns, begin, first, room);
    const auto part = std::span(columns).subspan(begin, end - begin);
    if (begin > 0) {
      lines.emplace_back();
    }
    const auto put = [&](std::string_view first_text, const auto& text_of) {
      std::string line = "  " + padded(first_text, first);
      for (const auto& column : part) {
        line += std::string(k_gap, ' ') + text_of(column);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(std::move(line));
    };
    if (groups) {
      lines.push_back(group_line(part, first, style));
    }
    if (two_lines) {
      put("", [](const Column& column) { return padded(column.head[0], column.columns); });
    }
    put(k_corner, [](const Column& column) { return padded(column.head[1], column.columns); });
    for (const auto* const entry : rows) {
      const auto& row = entry->second;
      put(shown(row_text(entry->first, row), style.unicode), [&](const Column& column) {
        const auto slot = row.slots.find(column.label);
        if (slot == row.slots.end()) {
          return std::string(column.columns, ' ');
        }
        const auto text = cell_text(slot->second, style);
        return style.painted(slot->second.verdict, text) +
               std::string(column.columns - width(text), ' ');
      });
    }
    begin = end;
  }
}

std::string ResultTables::legend(const Style& style) const {
  using run::Verdict;
  std::string text;
  for (const auto verdict : m_verdicts) {
    const std::string name =
        verdict == Verdict::known ? "known behaviour" : std::string(name_of(verdict));
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ",
                        style.painted(verdict, style.symbol(verdict)), name);
  }
  text += m_flaky ? "  ~ flaky" : "";
  text += m_daemon ? "  d real daemon" : "";
  text += m_modelled ? "  m modelled" : "";
  return text;
}

std::vector<std::string> ResultTables::lines(const Style& style) const {
  std::vector<std::string> lines;
  for (const auto& [title, table] : m_tables) {
    lines.push_back(style.bold(shown(title, style.unicode)));
    draw(table, style, lines);
    lines.emplace_back();
  }
  if (!lines.empty()) {
    lines.push_back(legend(style));
  }
  return lines;
}

}  // namespace cni_matrix::report
