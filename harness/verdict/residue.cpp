#include "residue.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/paths.hpp>

#include <algorithm>
#include <utility>

namespace cni_matrix::verdict {

Expected<Residue> Residue::from_json(const Json& value, std::string_view name) {
  TRY(check_schema(value, "residue", name));
  Residue residue;
  for (const auto& entry : value.at("residue")) {
    ResidueRule rule;
    const auto leak_name = entry.at("class").get<std::string>();
    const auto leak = node::parse_leak_class(leak_name);
    if (!leak) {
      return input_error("{}: there is no class \"{}\"", name, leak_name);
    }
    rule.leak = *leak;
    rule.entries = entry.at("entries").get<std::vector<std::string>>();
    rule.made_by = entry.at("madeBy").get<std::string>();
    rule.why = entry.at("why").get<std::string>();
    residue.m_rules.push_back(std::move(rule));
  }
  return residue;
}

Expected<Residue> Residue::load() {
  const auto file = data_directory() / "matrix" / "residue.json";
  TRY_ASSIGN(const auto value, load_json(file));
  return from_json(value, file.string());
}

const ResidueRule* Residue::find(node::LeakClass leak, std::string_view entry) const {
  const auto found = std::find_if(m_rules.begin(), m_rules.end(), [&](const ResidueRule& rule) {
    return rule.leak == leak &&
           std::any_of(rule.entries.begin(), rule.entries.end(),
                       [&](const std::string& glob) { return glob_match(glob, entry); });
  });
  return found == m_rules.end() ? nullptr : &*found;
}

Leftovers Residue::split(const node::Inventory& leftover) const {
  Leftovers result;
  for (const auto leak : node::k_leak_classes) {
    for (const auto& entry : leftover.of(leak)) {
      auto& part = find(leak, entry) != nullptr ? result.residue : result.leaked;
      part.of(leak).push_back(entry);
      if (const auto owner = leftover.owners.find(entry); owner != leftover.owners.end()) {
        part.owners.insert(*owner);
      }
    }
  }
  return result;
}

namespace {

Expected<Residue>& rules_in_force() {
  static auto residue = Residue::load();
  return residue;
}

}  // namespace

Expected<void> use_residue(const std::vector<std::filesystem::path>& own) {
  TRY_ASSIGN(auto residue, Residue::load());
  for (const auto& file : own) {
    TRY_ASSIGN(const auto value, load_json(file));
    TRY_ASSIGN(const auto more, Residue::from_json(value, file.string()));
    residue.add(more);
  }
  rules_in_force() = std::move(residue);
  return {};
}

Leftovers split_residue(const node::Inventory& leftover) {
  const auto& residue = rules_in_force();
  return residue ? residue->split(leftover) : Leftovers{leftover, {}};
}

}  // namespace cni_matrix::verdict
