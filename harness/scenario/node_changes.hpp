#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>

// What scenarios do to a node behind the runtime's back. Error kinds: broken; unavailable, where
// there is nothing of the kind.
namespace cni_matrix::scenario {

// The cached results of every network but loopback's. `how`: "truncate", "garbage", "delete".
Expected<void> damage_cache(const std::string& how);

// The OCI runtime refuses the next container.
Expected<void> refuse_create();

// One end of a veth pair, up, for a plugin that takes a link of the node; the other end has "-far"
// behind its name.
Expected<bool> add_link(const std::string& name);

// As `ip link delete` does.
Expected<void> delete_link(const std::string& name);

// Unmount and remove a network namespace's file.
Expected<void> delete_netns(const std::filesystem::path& path);

}  // namespace cni_matrix::scenario
