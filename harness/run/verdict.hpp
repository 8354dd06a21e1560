#pragma once

#include "cell_plan.hpp"

#include <cni_matrix/run/observation.hpp>

namespace cni_matrix::run {

// Fill in verdict, reason, known behaviours and remedy of a cell that ran.
void judge_cell(const matrix::KnownBehaviours& behaviours, const CellPlan& plan,
                CellResult& result);

}  // namespace cni_matrix::run
