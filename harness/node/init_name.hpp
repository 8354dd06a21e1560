#pragma once

namespace cni_matrix::node {

// What tells processes of ours from foreign ones: their names, at most 15 bytes.
inline constexpr const char* k_init_name = "cni-matrix-init";
inline constexpr const char* k_reaper_name = "cni-matrix-reap";
inline constexpr const char* k_worker_name = "cni-matrix-work";

}  // namespace cni_matrix::node
