#include "base/names.hpp"
#include "base/text.hpp"
#include <cni_matrix/verdict/verdict.hpp>

namespace cni_matrix::verdict {

namespace {

constexpr auto k_verdicts = names_of<Verdict>({
    {Verdict::pass, "pass"},
    {Verdict::known, "known"},
    {Verdict::fail, "fail"},
    {Verdict::leak, "leak"},
    {Verdict::skip, "skip"},
    {Verdict::broken, "broken"},
    {Verdict::interrupted, "interrupted"},
});

}  // namespace

std::string_view name_of(Verdict verdict) {
  return k_verdicts.of(verdict);
}

Expected<Verdict> parse_verdict(std::string_view text) {
  if (const auto verdict = k_verdicts.parse(text)) {
    return *verdict;
  }
  return input_error(
      "'{}' is no verdict; one of pass, known, fail, leak, skip, broken, interrupted",
      printable(text));
}

}  // namespace cni_matrix::verdict
