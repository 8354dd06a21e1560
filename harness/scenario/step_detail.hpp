#pragma once

#include "executor.hpp"

#include <string>

namespace cni_matrix::scenario {

// StepResult::detail of a step: what it is about, beside the pod.
std::string detail_of(const scenario::Step& step, const Setup& setup);

}  // namespace cni_matrix::scenario
