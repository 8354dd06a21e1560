#pragma once

#include "cell_plan.hpp"

#include "verdict/judge.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/run/result.hpp>

namespace cni_matrix::run {

// What was seen of a cell, for the judge and for the statements of a matrix.
verdict::Observation observation_of(const CellResult& result, const CellPlan& plan);

// Fill in verdict, reason, known behaviours and remedy of a cell that ran.
void judge_cell(const verdict::KnownBehaviours& behaviours, const CellPlan& plan,
                CellResult& result);

}  // namespace cni_matrix::run
