#include "fields.hpp"

#include "base/regex_text.hpp"

#include <algorithm>
#include <iterator>

namespace cni_matrix::scenario {

Expected<std::string> Fields::regex(const char* key) const {
  auto pattern = text(key);
  if (const auto problem = regex_problem(pattern); !problem.empty()) {
    return refusal("/{}: not a regular expression: {}", key, problem);
  }
  return pattern;
}

Expected<std::string> Fields::one_of(const char* key, std::initializer_list<std::string_view> words,
                                     const char* fallback) const {
  auto word = text(key, fallback);
  if (std::find(words.begin(), words.end(), word) != words.end()) {
    return word;
  }
  const std::vector<std::string_view> all(words);
  return refusal("/{}: {} or {}, not \"{}\"", key,
                 fmt::join(all.begin(), std::prev(all.end()), ", "), all.back(), word);
}

}  // namespace cni_matrix::scenario
