#pragma once

#include "step.hpp"

#include <string_view>
#include <vector>

namespace cni_matrix::scenario {

// Every kind of step.
const std::vector<StepKind>& vocabulary();

// Null when there is none of that name.
const StepKind* find_step(std::string_view name);

}  // namespace cni_matrix::scenario
