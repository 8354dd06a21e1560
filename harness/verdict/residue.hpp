#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <filesystem>
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
  void add(const Residue& more) {
    m_rules.insert(m_rules.end(), more.m_rules.begin(), more.m_rules.end());
  }
  // Null when the entry is a leak.
  [[nodiscard]] const ResidueRule* find(node::LeakClass leak, std::string_view entry) const;
  [[nodiscard]] Leftovers split(const node::Inventory& leftover) const;

 private:
  std::vector<ResidueRule> m_rules;
};

// The rules of split_residue() from now on: Residue::load() and those of one's own files. A command
// asks for it before it starts a run, so that a damaged file is told and nothing forked from it
// reads the file again. Error kind: input.
Expected<void> use_residue(const std::vector<std::filesystem::path>& own = {});

// By Residue::load() where use_residue() was not called; where that fails everything is a leak.
Leftovers split_residue(const node::Inventory& leftover);

}  // namespace cni_matrix::verdict
