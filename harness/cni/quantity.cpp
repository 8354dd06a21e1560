#include "quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace cni_matrix::cni {

namespace {

constexpr const char* k_wrong_format =
    "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr const char* k_wrong_suffix = "unable to parse quantity's suffix";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Parts {
  bool negative = false;
  std::string number;  // digits before the point, and behind it
  std::string fraction;
  std::string suffix;
};

// parseQuantityString. Nothing: it does not match.
std::optional<Parts> parts_of(std::string_view text) {
  if (text.empty()) {
    return std::nullopt;
  }
  Parts parts;
  std::size_t at = 0;
  const auto take = [&](const auto& fits) {
    const auto begin = at;
    while (at < text.size() && fits(text[at])) {
      ++at;
    }
    return std::string(text.substr(begin, at - begin));
  };
  if (text[at] == '-' || text[at] == '+') {
    parts.negative = text[at++] == '-';
  }
  parts.number = take(is_digit);
  if (at < text.size() && text[at] == '.') {
    ++at;
    parts.fraction = take(is_digit);
  }
  parts.suffix = take(
      [](char c) { return std::string_view("eEinumkKMGTP").find(c) != std::string_view::npos; });
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    parts.suffix += text[at++];
  }
  parts.suffix += take(is_digit);
  return at == text.size() ? std::optional(parts) : std::nullopt;
}

struct Scale {
  int base = 10;
  int exponent = 0;
};

std::optional<Scale> scale_of(std::string_view suffix) {
  static constexpr std::array<std::pair<std::string_view, Scale>, 16> k_suffixes = {
      {{"", {10, 0}},
       {"n", {10, -9}},
       {"u", {10, -6}},
       {"m", {10, -3}},
       {"k", {10, 3}},
       {"M", {10, 6}},
       {"G", {10, 9}},
       {"T", {10, 12}},
       {"P", {10, 15}},
       {"E", {10, 18}},
       {"Ki", {2, 10}},
       {"Mi", {2, 20}},
       {"Gi", {2, 30}},
       {"Ti", {2, 40}},
       {"Pi", {2, 50}},
       {"Ei", {2, 60}}}};
  for (const auto& [name, scale] : k_suffixes) {
    if (name == suffix) {
      return scale;
    }
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) {
    return std::nullopt;
  }
  auto digits = suffix.substr(1);
  digits.remove_prefix(digits.front() == '+' ? 1 : 0);
  int exponent = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return Scale{10, exponent};
}

}  // namespace

tl::expected<std::int64_t, std::string> quantity_value(std::string_view text) {
  const auto parts = parts_of(text);
  if (!parts) {
    return tl::unexpected(std::string(k_wrong_format));
  }
  const auto scale = scale_of(parts->suffix);
  if (!scale) {
    return tl::unexpected(std::string(k_wrong_suffix));
  }
  // 64 bits of mantissa hold every whole number that there is a use for.
  long double value = 0;
  for (const char digit : parts->number + parts->fraction) {
    value = value * 10 + static_cast<long double>(digit - '0');
  }
  const auto places = static_cast<int>(parts->fraction.size());
  const int decimal = (scale->base == 10 ? scale->exponent : 0) - places;
  value = decimal < 0 ? value / std::pow(10.0L, static_cast<long double>(-decimal))
                      : value * std::pow(10.0L, static_cast<long double>(decimal));
  value = std::ldexp(value, scale->base == 2 ? scale->exponent : 0);
  value = parts->negative ? -std::ceil(value) : std::ceil(value);
  constexpr auto k_most = std::numeric_limits<std::int64_t>::max();
  constexpr auto k_least = std::numeric_limits<std::int64_t>::min();
  if (!(value < static_cast<long double>(k_most))) {
    return k_most;
  }
  return value < static_cast<long double>(k_least) ? k_least : static_cast<std::int64_t>(value);
}

}  // namespace cni_matrix::cni
