#pragma once

#include "step.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <string>

namespace cni_matrix::scenario {

// A step as a scenario writes it, which has passed the schema. `place` is what an error names.
// Error kind: input.
Expected<Step> step_from_json(const Json& value, const std::string& place);

}  // namespace cni_matrix::scenario
