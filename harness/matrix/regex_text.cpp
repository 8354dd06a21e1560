#include <cni_matrix/matrix/regex_text.hpp>

#include <array>
#include <map>
#include <regex>
#include <utility>

namespace cni_matrix::matrix {

namespace {

constexpr std::size_t k_text_limit = 4096;

// Compiled once each: a run judges thousands of cells with a few dozen patterns.
const std::regex& compiled(const std::string& pattern) {
  static std::map<std::string, std::regex> cache;
  const auto found = cache.find(pattern);
  return found != cache.end() ? found->second
                              : cache.emplace(pattern, std::regex(pattern)).first->second;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string regex_problem(const std::string& pattern) {
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
  replace_all(text, "{version}", escaped(cni_version));
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

}  // namespace cni_matrix::matrix
