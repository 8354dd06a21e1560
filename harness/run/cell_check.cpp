#include "cell_check.hpp"

#include "cell_plan.hpp"

#include "base/try.hpp"

#include <fmt/format.h>

namespace cni_matrix::run {

namespace {

std::string key_of(const matrix::Cell& cell) {
  auto key = fmt::format("{} {} {} {} {}", cell.conflist.file.string(), cell.conflist.form,
                         cell.conflist.cni_version.value_or("as it is"), cell.scenario,
                         cell.host_port.has_value());
  key += " " + cell.conflist.at;
  if (cell.node) {
    key += fmt::format(" {}#{}", cell.node->file.string(), cell.node->at);
  }
  for (const auto& [name, value] : cell.parameters) {
    key += fmt::format(" {}={}", name, value);
  }
  return key;
}

}  // namespace

bool CellCheck::knows(const matrix::Cell& cell) const {
  return m_lacks.contains(key_of(cell));
}

Expected<std::string> CellCheck::lack_of(const matrix::Cell& cell) {
  const auto key = key_of(cell);
  if (const auto known = m_lacks.find(key); known != m_lacks.end()) {
    return known->second;
  }
  const auto good = check_cell(cell, m_scenarios);
  if (!good && good.error().kind != ErrorKind::unavailable) {
    return tl::unexpected(good.error());
  }
  return m_lacks[key] = good ? std::string() : good.error().message;
}

}  // namespace cni_matrix::run
