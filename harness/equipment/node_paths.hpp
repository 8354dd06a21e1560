#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>

// Which paths of a node a description may name.
namespace cni_matrix::equipment {

// An absolute path without "." and "..", in which /var/run is /run as it is on a node. Error kind:
// input; a message without a place.
Expected<std::string> check_node_path(std::string_view path);

// The same for what is written: not over what a node has of the host, or what is ours or the
// runtime's. A glob is looked at up to its first * or ?.
Expected<std::string> check_own_path(std::string_view path);

// "dhcp" of "/opt/cni/bin/dhcp"; empty for what is no path of a plugin.
std::string plugin_of_path(std::string_view path);

}  // namespace cni_matrix::equipment
