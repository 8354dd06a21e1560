#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace cni_matrix {

// The names of an enumeration's values, as files and people write them: one table that is read in
// both directions.
template <typename Enum, std::size_t Count>
struct Names {
  std::array<std::pair<Enum, std::string_view>, Count> rows;

  // Empty when the value is not in the table.
  [[nodiscard]] constexpr std::string_view of(Enum value) const {
    const auto row = std::ranges::find(rows, value, &std::pair<Enum, std::string_view>::first);
    return row == rows.end() ? std::string_view() : row->second;
  }
  [[nodiscard]] constexpr std::optional<Enum> parse(std::string_view name) const {
    const auto row = std::ranges::find(rows, name, &std::pair<Enum, std::string_view>::second);
    return row == rows.end() ? std::nullopt : std::optional(row->first);
  }
};

// names_of<Verdict>({{Verdict::pass, "pass"}, ...})
template <typename Enum, std::size_t Count>
constexpr Names<Enum, Count> names_of(const std::pair<Enum, std::string_view> (&rows)[Count]) {
  return {std::to_array(rows)};
}

}  // namespace cni_matrix
