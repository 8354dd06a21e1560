#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

// A throw-away machine for one function: own network, mount and PID namespaces, fresh /run,
// /var/lib and /opt. Everything in it is gone with its last process.
namespace cni_matrix::test {

struct NodeJob {
  // Runs as PID 1 of the node; what it returns is handed back.
  std::function<std::string()> work;
  // Called in the caller's process with that text; an empty text: the node died.
  std::function<void(const std::string&)> done;
};

// Folders of the host that the nodes see at k_node_plugins/NAME, read-only in use.
using NodePlugins = std::map<std::string, std::filesystem::path>;
inline constexpr const char* k_node_plugins = "/opt/plugins";

// Why no node can be made here; empty when one can.
std::string node_obstacle();

// Run all of them, `parallel` at a time.
void run_in_nodes(std::vector<NodeJob> jobs, const NodePlugins& plugins, unsigned parallel);

}  // namespace cni_matrix::test
