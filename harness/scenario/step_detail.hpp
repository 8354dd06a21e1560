#pragma once

#include <cni_matrix/scenario/executor.hpp>

#include <string>

namespace cni_matrix::scenario {

// StepResult::detail of a step: what it is about, beside the pod.
std::string detail_of(const matrix::Step& step, const Setup& setup);

}  // namespace cni_matrix::scenario
