#pragma once

namespace cni_matrix::recorder {

// A recorder that cannot record does not run its plugin: it says so on both its streams, with these
// words first, and ends with this status.
inline constexpr char k_refusal[] = "cni-matrix recorder: the plugin was not run: ";
inline constexpr int k_refused_status = 121;

}  // namespace cni_matrix::recorder
