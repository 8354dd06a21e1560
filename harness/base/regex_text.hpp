#pragma once

#include <string>
#include <string_view>

// Regular expressions of the data files (ECMAScript).
namespace cni_matrix {

// Empty when `pattern` is a regular expression, else what is wrong with it.
std::string regex_problem(const std::string& pattern);

// A pattern that matches just this text.
std::string regex_escaped(std::string_view text);

// {plugin}, {supports} and {version} replaced.
std::string expand_regex(std::string_view pattern, std::string_view cni_version);

// The whole of `text`, or some part of it. Only the first 4096 bytes are looked at: std::regex
// recurses once a character.
bool regex_matches(const std::string& pattern, std::string_view text);
bool regex_found(const std::string& pattern, std::string_view text);

}  // namespace cni_matrix
