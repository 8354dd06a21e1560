#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/scenario/outcome.hpp>

#include <vector>

namespace cni_matrix::run {

// The effects of steps on their way from the worker to the scheduler. A saved run does not have
// them.
Json effects_to_json(const std::vector<scenario::StepResult>& steps);

// Of what effects_to_json made of the same steps. Error kind: input.
Expected<void> take_effects(const Json& value, std::vector<scenario::StepResult>& steps);

}  // namespace cni_matrix::run
