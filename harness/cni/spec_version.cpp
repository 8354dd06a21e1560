#include "spec_version.hpp"

#include "base/text.hpp"
#include "go/format.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace cni_matrix::cni {

namespace {

using Numbers = std::array<std::int64_t, 3>;

// strconv.Atoi with its error text.
tl::expected<std::int64_t, std::string> atoi(const std::string& text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || digits.starts_with('-') || result.ptr != digits.data() + digits.size()) {
    return tl::unexpected(fmt::format("strconv.Atoi: parsing {}: invalid syntax", go::quote(text)));
  }
  if (result.ec != std::errc()) {
    return tl::unexpected(
        fmt::format("strconv.Atoi: parsing {}: value out of range", go::quote(text)));
  }
  return negative ? -value : value;
}

tl::expected<Numbers, std::string> parse(std::string_view version, EmptyVersion empty) {
  if (version.empty()) {
    if (empty == EmptyVersion::is_0_1_0) {
      return Numbers{0, 1, 0};
    }
    return tl::unexpected(std::string("invalid version \"\": the version is empty"));
  }
  const auto parts = split(version, '.');
  if (parts.size() >= 4) {
    return tl::unexpected(fmt::format("invalid version {}: too many parts", go::quote(version)));
  }
  static constexpr std::array<std::string_view, 3> k_names = {"major", "minor", "micro"};
  Numbers numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = atoi(parts[i]);
    if (!number) {
      return tl::unexpected(fmt::format("failed to convert {} version part {}: {}", k_names[i],
                                        go::quote(parts[i]), number.error()));
    }
    numbers[i] = *number;
  }
  return numbers;
}

tl::expected<int, std::string> compare(std::string_view version, std::string_view other,
                                       EmptyVersion empty) {
  const auto first = parse(version, empty);
  if (!first) {
    return tl::unexpected(first.error());
  }
  const auto second = parse(other, empty);
  if (!second) {
    return tl::unexpected(second.error());
  }
  return *first < *second ? -1 : (*second < *first ? 1 : 0);
}

}  // namespace

tl::expected<bool, std::string> at_least(std::string_view version, std::string_view other,
                                         EmptyVersion empty) {
  return compare(version, other, empty).map([](int order) { return order >= 0; });
}

tl::expected<bool, std::string> greater(std::string_view version, std::string_view other,
                                        EmptyVersion empty) {
  return compare(version, other, empty).map([](int order) { return order > 0; });
}

}  // namespace cni_matrix::cni
