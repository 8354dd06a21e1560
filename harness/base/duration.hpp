#pragma once

#include <cni_matrix/base/error.hpp>

#include <chrono>
#include <string_view>

namespace cni_matrix {

// A length of time as a person writes it: "90" and "90s" are seconds, "15m" minutes, "2h" hours.
// From one second to a million of them. Error kind: input.
Expected<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace cni_matrix
