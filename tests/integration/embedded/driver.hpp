#pragma once

#include <cni_matrix/base/json.hpp>

namespace cni_matrix::test {

// Play a row's scenario with the embedded runtime, inside a node (scratch_node.hpp) that has the
// plugins of each release at k_node_plugins/RELEASE. Says what came of it in a row's own form.
Json play(const Json& row);

}  // namespace cni_matrix::test
