#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix {

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

// Bytes that are not valid UTF-8, and control characters other than newline and tab, become "\xNN":
// plugin output goes into JSON and onto terminals.
std::string printable(std::string_view bytes);

bool is_utf8(std::string_view bytes);

// Up to three of `candidates` that look like `word`, for "did you mean".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// What to say of a `word` that is none of `candidates`: which of them look like it, else which
// there are ("; did you mean a or b?", "; there are a, b and 7 more"). Empty where there are none.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

// "a, b, c and 12 more": as many as a person wants to read.
std::string short_list(const std::vector<std::string>& words);

// `bytes` on one line of at most `limit` bytes, with what is in the middle left out; printable.
std::string excerpt(std::string_view bytes, std::size_t limit = 200);

// `text` without the user and password of every URL in it: "https://***@mirror.example/x". What
// could be a part of them is taken for one.
std::string without_credentials(std::string_view text);

// A glob with * and ?, over the whole text.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace cni_matrix
