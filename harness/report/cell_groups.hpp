#pragma once

#include "style.hpp"

#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::report {

// Cells that did not simply pass, with those put together that went the same way: a thousand cells
// with one cause are one entry with a list of cells.
class CellGroups {
 public:
  using TitleOf = std::function<std::string(const std::string& id)>;

  void add(const run::CellResult& result);
  [[nodiscard]] bool empty() const { return m_groups.empty(); }
  // The groups with these verdicts, gravest first; at most `most_cells` cells of each are listed.
  [[nodiscard]] std::vector<std::string> lines(const std::vector<run::Verdict>& verdicts,
                                               const Style& style, const TitleOf& title_of,
                                               std::size_t most_cells) const;

 private:
  struct Group {
    run::CellResult example;  // of the cell whose name sorts first, without trace and log
    std::map<std::string, std::string> cells;  // what is listed of it, by name
    std::size_t count = 0;
    std::size_t modelled = 0;
  };
  static void describe(const Group& group, const Style& style, const TitleOf& title_of,
                       std::size_t most_cells, std::vector<std::string>& lines);

  std::map<std::string, Group> m_groups;
};

// The end of a log, as a group shows it: at most `most` lines, each harmless to a terminal.
std::vector<std::string> log_tail(const std::string& log, std::size_t most, bool unicode);

}  // namespace cni_matrix::report
