#pragma once

#include <cni_matrix/scenario/scenario.hpp>

#include <string_view>

namespace cni_matrix::scenario {

// Whether the steps of a scenario can follow each other as they do: no step is about a pod, disk,
// link or handler that is not there then. Error kind: input, with `name` and the step.
Expected<void> check_order(const Scenario& scenario, std::string_view name);

}  // namespace cni_matrix::scenario
