#include "failures.hpp"

#include "normalise.hpp"

#include "base/regex_text.hpp"

#include <algorithm>

namespace cni_matrix::verdict {

namespace {

// The version as plugins say it: an absent one is 0.1.0 to them.
std::string as_plugins_say(const std::string& cni_version) {
  return cni_version == "none" || cni_version == "empty" ? "0.1.0" : cni_version;
}

}  // namespace

bool fails_as_meant(const scenario::StepResult& step) {
  return !step.ok && !step.expect.empty() && regex_found(step.expect, normalise_error(step.error));
}

bool any_unexpected_failure(const Observation& observation) {
  return std::any_of(
      observation.steps.begin(), observation.steps.end(),
      [](const scenario::StepResult& step) { return !step.ok && !fails_as_meant(step); });
}

bool is_error_of(const BehaviourCase& rule, std::string_view prefix, std::string_view text,
                 const std::string& cni_version) {
  const auto before = rule.whole_text ? std::string_view() : prefix;
  return text.starts_with(before) &&
         regex_matches(expand_regex(rule.error, as_plugins_say(cni_version)),
                       text.substr(before.size()));
}

bool fails_so(const BehaviourCase& rule, const Observation& observation,
              const std::string& cni_version) {
  std::size_t next = 0;
  for (const auto& step : observation.steps) {
    if (!step.expect.empty()) {
      if (!fails_as_meant(step)) {
        return false;
      }
      continue;
    }
    if (step.ok) {
      continue;
    }
    if (next == rule.fails.size() || rule.fails[next].step != step.step ||
        !regex_found(expand_regex(rule.fails[next].error, as_plugins_say(cni_version)),
                     normalise_error(step.error))) {
      return false;
    }
    ++next;
  }
  return next == rule.fails.size();
}

}  // namespace cni_matrix::verdict
