#pragma once

#include "node/node.hpp"
#include <cni_matrix/base/process.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace cni_matrix::run {

// Run a program that is not ours in a node of its own: no network but the node's, nothing of the
// host to write to, and whatever it starts ends with it. 64 KiB of each stream are kept. The caller
// must be single-threaded. `cancelled` is asked often, and true ends it. Error kinds: unavailable
// where there are no nodes (nothing was run), broken when it cannot be started, interrupted.
Expected<CommandResult> run_in_node(const std::vector<std::string>& argv,
                                    const std::vector<node::Bind>& binds,
                                    std::chrono::milliseconds limit,
                                    const std::function<bool()>& cancelled = {},
                                    bool privileged = false);

}  // namespace cni_matrix::run
