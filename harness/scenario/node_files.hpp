#pragma once

#include "equipment/description.hpp"
#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/scenario/conflist.hpp>
#include <cni_matrix/scenario/node_source.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Descriptions of nodes as files, and as parts of scenario and matrix files. Error kind: input.
namespace cni_matrix::scenario {

using NodePointer = std::shared_ptr<const equipment::NodeDescription>;

// By a path, relative to `base` (or the working directory when that is empty), or by the name of
// one that is shipped: data_directory()/scenarios/nodes/NAME.node.json.
Expected<NodeSource> find_node(std::string_view name, const std::filesystem::path& base);

// What stands at `key` "node" of a scenario or matrix file: the name of a file, or the description
// itself. `at` is the pointer of the object that has the key, `name` what cells are to say.
Expected<NodeSource> node_of(const Json& value, const std::filesystem::path& file,
                             const std::string& at, const std::string& name);

Expected<NodePointer> load_node(const NodeSource& source);

// The chain that a node brings with it, as a conflist of cells; nothing where it brings none.
std::optional<Conflist> chain_of(const NodeSource& source,
                                 const equipment::NodeDescription& description);

// The names of those that are shipped, sorted.
std::vector<std::string> shipped_nodes();

}  // namespace cni_matrix::scenario
