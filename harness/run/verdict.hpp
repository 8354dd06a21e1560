#pragma once

#include "cell_plan.hpp"

#include <cni_matrix/matrix/judge.hpp>

namespace cni_matrix::run {

// What the judge needs to know of a result.
matrix::Observation observation_of(const CellResult& result, const Json& configuration);

// Fill in verdict, reason, known behaviours and remedy of a cell that ran.
void judge_cell(const matrix::KnownBehaviours& behaviours, const CellPlan& plan,
                CellResult& result);

}  // namespace cni_matrix::run
