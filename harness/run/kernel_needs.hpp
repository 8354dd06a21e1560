#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::run {

// What the plugins of a conflist (scenario::conflist_traits) ask of the kernel and the node beside
// namespaces. Error kind: unavailable, naming plugin and kind of link.
Expected<void> check_kernel_needs(const std::vector<std::string>& traits);

// Whether runc finds a cgroup file system in a node, which has of the caller's mounts those below
// /sys. `mountinfo` is the caller's (proc_pid_mountinfo(5)). Error kind: unavailable, with the
// cure.
Expected<void> check_cgroup_mounts(std::string_view mountinfo);
Expected<void> check_cgroup_mounts();  // of this process

}  // namespace cni_matrix::run
