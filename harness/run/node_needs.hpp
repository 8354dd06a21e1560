#pragma once

#include "equipment/description.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/error.hpp>

#include <set>
#include <string>
#include <vector>

namespace cni_matrix::run {

// What the description of a node asks of the kernel and the machine: kinds of links, and programs
// that a node has of the machine. `others` are the programs of steps. Error kind: unavailable, with
// what to install.
Expected<void> check_node_needs(const equipment::NodeDescription& description,
                                const std::vector<equipment::Program>& others);

// The plugins that its programs are and that it does not bring with it: the cell's have to have
// them.
std::set<std::string> plugins_called(const equipment::NodeDescription& description,
                                     const std::vector<equipment::Program>& others);

}  // namespace cni_matrix::run
