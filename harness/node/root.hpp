#pragma once

#include <cni_matrix/node/node.hpp>

namespace cni_matrix::node {

// Give the calling process, alone in new mount and PID namespaces, the root of a node: a tmpfs with
// /usr, /sys and what is needed of /etc bound in, a fresh /proc and /dev, and the options' binds.
Expected<void> make_root(const NodeOptions& options);

}  // namespace cni_matrix::node
