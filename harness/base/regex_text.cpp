#include "regex_text.hpp"

#include <fmt/format.h>

#include <map>
#include <regex>
#include <utility>

namespace cni_matrix {

namespace {

constexpr std::size_t k_text_limit = 4096;
constexpr int k_nesting_limit = 20;  // the time that matching takes grows with it

// Linear in the text's length, whatever the pattern, and without recursion over the text: patterns
// come from scenario files. libstdc++'s name for that; back-references are refused.
constexpr auto k_linear = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;

// Compiled once each: a run judges thousands of cells with a few dozen patterns.
const std::regex& compiled(const std::string& pattern) {
  static std::map<std::string, std::regex> cache;
  const auto found = cache.find(pattern);
  return found != cache.end() ? found->second
                              : cache.emplace(pattern, std::regex(pattern, k_linear)).first->second;
}

bool nested_deeper(const std::string& pattern, int limit) {
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '(' && ++depth > limit) {
      return true;
    } else if (pattern[i] == ')') {
      --depth;
    }
  }
  return false;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string regex_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string regex_problem(const std::string& pattern) {
  if (nested_deeper(pattern, k_nesting_limit)) {
    return fmt::format("groups are nested deeper than {} levels", k_nesting_limit);
  }
  try {
    compiled(pattern);
    return {};
  } catch (const std::regex_error& error) {
    return error.what();
  }
}

std::string expand_regex(std::string_view pattern, std::string_view cni_version) {
  std::string text(pattern);
  replace_all(text, "{plugin}",
              R"re((?:plugin type="[^"]+"(?: name="[^"]+")? failed \((?:add|delete)\): )?)re");
  replace_all(text, "{supports}", R"re(plugin supports \["[0-9." ]*"\])re");
  replace_all(text, "{version}", regex_escaped(cni_version));
  return text;
}

bool regex_matches(const std::string& pattern, std::string_view text) {
  const auto part = text.substr(0, k_text_limit);
  return std::regex_match(part.begin(), part.end(), compiled(pattern));
}

bool regex_found(const std::string& pattern, std::string_view text) {
  const auto part = text.substr(0, k_text_limit);
  return std::regex_search(part.begin(), part.end(), compiled(pattern));
}

}  // namespace cni_matrix
