#pragma once

#include <filesystem>
#include <string>

namespace cni_matrix::scenario {

// Where it is written what a node has before the runtime starts (matrix/node.schema.json).
struct NodeSource {
  std::string name;            // "dhcp": what cells say
  std::filesystem::path file;  // absolute
  std::string at;              // JSON pointer of it there; empty: it is all of the file

  friend bool operator==(const NodeSource&, const NodeSource&) = default;
};

}  // namespace cni_matrix::scenario
