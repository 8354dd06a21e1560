#include "base/text.hpp"
#include <cni_matrix/verdict/verdict.hpp>

#include <array>
#include <utility>

namespace cni_matrix::verdict {

namespace {

constexpr std::array<std::pair<Verdict, std::string_view>, 7> k_verdicts = {{
    {Verdict::pass, "pass"},
    {Verdict::known, "known"},
    {Verdict::fail, "fail"},
    {Verdict::leak, "leak"},
    {Verdict::skip, "skip"},
    {Verdict::broken, "broken"},
    {Verdict::interrupted, "interrupted"},
}};

}  // namespace

std::string_view name_of(Verdict verdict) {
  for (const auto& [value, name] : k_verdicts) {
    if (value == verdict) {
      return name;
    }
  }
  return "broken";
}

Expected<Verdict> parse_verdict(std::string_view text) {
  for (const auto& [value, name] : k_verdicts) {
    if (name == text) {
      return value;
    }
  }
  return input_error(
      "'{}' is no verdict; one of pass, known, fail, leak, skip, broken, interrupted",
      printable(text));
}

}  // namespace cni_matrix::verdict
