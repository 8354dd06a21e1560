#pragma once

#include "style.hpp"

#include <cni_matrix/run/result.hpp>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::report {

// One table for each scenario and conflist: containerd versions down; cniVersions, and within them
// the plugin versions, across.
class ResultTables {
 public:
  void add(const run::CellResult& result);
  // In lines, a legend at the end; empty when there is no cell.
  [[nodiscard]] std::vector<std::string> lines(const Style& style) const;

 private:
  // A version token and what it came to; ordered as a person expects (1.6.9 before 1.6.20).
  struct Label {
    std::string token;
    std::string variant;  // of a row: the runtime that was asked for; of a column: the cniVersion
  };
  struct Order {
    bool operator()(const Label& a, const Label& b) const;
  };
  struct Slot {
    run::Verdict verdict = run::Verdict::skip;
    std::string known;  // "F02 F03"
    bool flaky = false;
  };
  struct Row {
    std::string version;
    bool daemon = false;
    bool modelled = false;
    std::map<Label, Slot, Order> slots;
  };
  using LabelledRow = std::pair<const Label, Row>;
  struct Table {
    std::map<Label, std::string, Order> columns;  // to the plugins' resolved version
    std::map<Label, Row, Order> rows;
  };
  struct Column {
    Label label;
    std::vector<std::string> head;
    std::size_t columns = 0;
  };

  static std::string cell_text(const Slot& slot, const Style& style);
  static std::string row_text(const Label& label, const Row& row);
  static std::vector<Column> columns_of(const Table& table, const Style& style);
  static std::vector<const LabelledRow*> rows_of(const Table& table);
  static std::size_t end_of_part(const std::vector<Column>& columns, std::size_t begin,
                                 std::size_t first, std::size_t room);
  static std::string group_line(std::span<Column> columns, std::size_t first, const Style& style);
  static void draw(const Table& table, const Style& style, std::vector<std::string>& lines);
  [[nodiscard]] std::string legend(const Style& style) const;

  std::map<std::string, Table> m_tables;  // by title
  std::set<run::Verdict> m_verdicts;
  bool m_flaky = false;
  bool m_daemon = false;
  bool m_modelled = false;
};

}  // namespace cni_matrix::report
