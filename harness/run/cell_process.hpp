#pragma once

#include "cell_plan.hpp"

#include "node/node.hpp"
#include <cni_matrix/run/runner.hpp>

namespace cni_matrix::run {

// Whether our own programs that every node takes are there. Error kind: broken, naming the first
// that is not.
Expected<void> check_helpers(bool record);

// What the node of this cell sees of the host.
node::NodeOptions node_options(const CellPlan& plan, const RunOptions& options);

// The worker of a cell: runs inside its node and writes to `output` lines that start with '@' (the
// step that begins), and at last one line of JSON, a CellResult without its verdict; or, where that
// cannot be, a line that starts with '=' (the end of the logs, a JSON string) and a setup error.
int run_cell(const matrix::Cell& cell, const CellPlan& plan, const RunOptions& options, int output,
             std::int64_t setup_cpu_us);

}  // namespace cni_matrix::run
