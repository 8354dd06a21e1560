#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>

// Pods' network namespaces as containerd's package netns keeps them: bind-mounted on a file.
namespace cni_matrix::embedded {

// A new namespace mounted at DIRECTORY/cni-UUID; its path. Error kind: broken, with containerd's
// text.
Expected<std::string> create_netns(const std::filesystem::path& directory);

// True when there is no such file, or only a file where the namespace was mounted, which is
// removed.
Expected<bool> netns_closed(const std::string& path);

// Unmount and remove; no error when it is gone already.
Expected<void> remove_netns(const std::string& path);

// `ip link set lo up` in it: what use_internal_loopback does. Error kind: broken.
Expected<void> bring_up_loopback(const std::string& path);

}  // namespace cni_matrix::embedded
