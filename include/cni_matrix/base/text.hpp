#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix {

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

// Bytes that are not valid UTF-8, and control characters other than newline and tab, become "\xNN":
// plugin output goes into JSON and onto terminals.
std::string printable(std::string_view bytes);

// Up to three of `candidates` that look like `word`, for "did you mean".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// A glob with * and ?, over the whole text.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace cni_matrix
