#pragma once

namespace cni_matrix::node {

// The name of a node's first process, as /proc/1/comm says it.
inline constexpr const char* k_init_name = "cni-matrix-init";

}  // namespace cni_matrix::node
