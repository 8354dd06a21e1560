#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <string_view>

namespace cni_matrix::run {

// What the plugins of a network configuration ask of the kernel and the node beside namespaces.
// Error kind: unavailable, naming the plugin and what it takes.
Expected<void> check_kernel_needs(const Json& configuration);

// Whether runc finds a cgroup file system in a node, which has of the caller's mounts those below
// /sys. `mountinfo` is the caller's (proc_pid_mountinfo(5)). Error kind: unavailable, with the
// cure.
Expected<void> check_cgroup_mounts(std::string_view mountinfo);
Expected<void> check_cgroup_mounts();  // of this process

}  // namespace cni_matrix::run
