#include "duration.hpp"

#include "text.hpp"

#include <charconv>
#include <cstdint>

namespace cni_matrix {

namespace {

constexpr std::int64_t k_most_seconds = 1'000'000;

std::int64_t seconds_of(std::string_view unit) {
  return unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
}

}  // namespace

Expected<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const bool too_great = error == std::errc::result_out_of_range;
  const auto unit = seconds_of({rest, static_cast<std::size_t>(end - rest)});
  if ((error != std::errc() && !too_great) || unit == 0 || text.starts_with('-')) {
    return input_error("\"{}\" is no length of time; write it like 90, 90s, 15m or 2h",
                       printable(text.substr(0, 40)));
  }
  if (too_great || number > k_most_seconds / unit || number == 0) {
    return input_error("\"{}\" is out of bounds; a time limit is from 1s to {}s",
                       printable(text.substr(0, 40)), k_most_seconds);
  }
  return std::chrono::seconds(number * unit);
}

}  // namespace cni_matrix
