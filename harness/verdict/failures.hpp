#pragma once

#include "observation.hpp"

#include <cni_matrix/verdict/known_behaviours.hpp>

#include <string>
#include <string_view>

// Whether steps failed as their scenario or a behaviour says.
namespace cni_matrix::verdict {

// As the step's `expect` says.
bool fails_as_meant(const scenario::StepResult& step);

// Some step failed that was not meant to.
bool any_unexpected_failure(const Observation& observation);

// Whether the text is `prefix` and then what the case says of the error. `cni_version` is that of
// the configuration: "none" and "empty" too.
bool is_error_of(const BehaviourCase& rule, std::string_view prefix, std::string_view text,
                 const std::string& cni_version);

// Whether the steps that failed are those of the case, which is about the whole outcome.
bool fails_so(const BehaviourCase& rule, const Observation& observation,
              const std::string& cni_version);

}  // namespace cni_matrix::verdict
