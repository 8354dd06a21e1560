#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>

// What scenarios do to a node behind the runtime's back. Error kind: broken.
namespace cni_matrix::scenario {

// A file of the configuration directory. `how`: "write" (in place, as an editor does), "rename"
// (a new file in the same directory takes its name), "move-in" (the same from another directory).
Expected<void> write_config(const std::string& file, const std::string& text,
                            const std::string& how);
Expected<void> remove_config(const std::string& file);

// The cached results of every network but loopback's. `how`: "truncate", "garbage", "delete".
Expected<void> damage_cache(const std::string& how);

// The OCI runtime refuses the next container.
Expected<void> refuse_create();

// One end of a veth pair, up, for a plugin that takes a link of the node; the other end has "-far"
// behind its name.
Expected<void> add_link(const std::string& name);

// As `ip link delete` does.
Expected<void> delete_link(const std::string& name);

// Unmount and remove a network namespace's file.
Expected<void> delete_netns(const std::filesystem::path& path);

}  // namespace cni_matrix::scenario
