#pragma once

#include "description.hpp"

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <map>
#include <string>

// What a node gets before the runtime starts, but for its daemons. Inside the node.
namespace cni_matrix::equipment {

// Whether it is the node's first boot, or one after a reboot, which takes links, sysctls and what
// is below /run.
enum class Boot { first, again };

// Directories, files, links, sysctls, routes and commands, in this order. Error kinds: input, when
// the node cannot be as the description has it (a command fails); unavailable, when the kernel
// lacks something; broken.
Expected<void> set_up(const NodeDescription& description, Boot boot);

// The description's plugins as files, by their names. Error kind: broken.
Expected<std::map<std::string, std::filesystem::path>> place_plugins(
    const NodeDescription& description);

// Remove a file of the node, where there is one. Error kind: input.
Expected<void> remove_file(const std::string& path);

}  // namespace cni_matrix::equipment
