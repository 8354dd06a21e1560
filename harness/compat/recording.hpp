#pragma once

#include "records.hpp"

#include <filesystem>
#include <vector>

namespace cni_matrix::compat {

// What saved runs (`run --json`) say of the plain life of a pod: their cells of the scenario
// lifecycle that were executed, without a host port. Other cells are passed over. The lists that
// the runs name have to be where they were; binaries are asked for their version of Go where they
// still are. Error kind: input, also where there is no such cell.
Expected<Records> record(const std::vector<std::filesystem::path>& saved_runs);

}  // namespace cni_matrix::compat
