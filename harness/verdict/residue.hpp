#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <string>
#include <string_view>
#include <vector>

// matrix/residue.json (matrix/residue.schema.json): what plugins make once for the node and never
// remove, as data.
namespace cni_matrix::verdict {

struct ResidueRule {
  node::LeakClass leak = node::LeakClass::netns;
  std::vector<std::string> entries;  // globs over the whole entry, where * also takes '/'
  std::string made_by;               // "portmap"
  std::string why;                   // it is no leak
};

// Leftovers, with what is no leak apart.
struct Leftovers {
  node::Inventory leaked;
  node::Inventory residue;
};

class Residue {
 public:
  // Error kind: input.
  static Expected<Residue> from_json(const Json& value, std::string_view name);
  // matrix/residue.json of data_directory(). Error kind: input (missing, malformed).
  static Expected<Residue> load();

  [[nodiscard]] const std::vector<ResidueRule>& rules() const { return m_rules; }
  // Null when the entry is a leak.
  [[nodiscard]] const ResidueRule* find(node::LeakClass leak, std::string_view entry) const;
  [[nodiscard]] Leftovers split(const node::Inventory& leftover) const;

 private:
  std::vector<ResidueRule> m_rules;
};

// Residue::load(), read once. A command asks for it before it starts a run, so that a damaged file
// is told and nothing forked from it reads the file again.
const Expected<Residue>& shipped_residue();

// With shipped_residue(); where that could not be loaded everything is a leak.
Leftovers split_residue(const node::Inventory& leftover);

}  // namespace cni_matrix::verdict
