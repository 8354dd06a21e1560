#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/matrix/judge.hpp>
#include <cni_matrix/run/result.hpp>

namespace cni_matrix::run {

// What was seen of a cell, for the judge and for the statements of a matrix. `configuration` is the
// conflist as the cell began with it.
matrix::Observation observation_of(const CellResult& result, const Json& configuration);

}  // namespace cni_matrix::run
