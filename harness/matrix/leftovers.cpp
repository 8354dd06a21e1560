#include <cni_matrix/matrix/judge.hpp>

#include <algorithm>
#include <array>

// What of a node's inventory is a leak, and what a conflist can make.
namespace cni_matrix::matrix {

namespace {

bool mentions(std::string_view rule, std::string_view part) {
  return rule.find(part) != std::string_view::npos;
}

// portmap's top-level chains and the jumps to them: made once for a node, used by every pod, never
// removed. Rules of a pod are in chains with a hash (CNI-DN-<hash>), or jump to one from
// CNI-HOSTPORT-DNAT.
bool is_residue_rule(std::string_view rule) {
  constexpr std::array<std::string_view, 5> k_shared = {
      "-j CNI-HOSTPORT-DNAT", "-A CNI-HOSTPORT-SETMARK ", "-A CNI-HOSTPORT-MASQ ",
      "-j CNI-HOSTPORT-MASQ", "-N CNI-HOSTPORT-"};
  return std::any_of(k_shared.begin(), k_shared.end(),
                     [rule](std::string_view part) { return mentions(rule, part); });
}

// host-local keeps the last address it gave out, and a lock.
bool is_residue_lease(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name.starts_with("last_reserved_ip") || name == "lock";
}

void add(std::vector<std::string>& traits, const std::string& trait) {
  if (!trait.empty() && std::find(traits.begin(), traits.end(), trait) == traits.end()) {
    traits.push_back(trait);
  }
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Leftovers split_residue(const node::Inventory& leftover) {
  Leftovers result;
  for (const auto leak : node::k_leak_classes) {
    for (const auto& entry : leftover.of(leak)) {
      const bool residue = (leak == node::LeakClass::nat_rule && is_residue_rule(entry)) ||
                           (leak == node::LeakClass::lease && is_residue_lease(entry));
      (residue ? result.residue : result.leaked).of(leak).push_back(entry);
    }
  }
  return result;
}

std::set<node::LeakClass> classes_of(const node::Inventory& inventory) {
  std::set<node::LeakClass> result;
  for (const auto leak : node::k_leak_classes) {
    if (!inventory.of(leak).empty()) {
      result.insert(leak);
    }
  }
  return result;
}

std::vector<std::string> conflist_traits(const Json& configuration) {
  std::vector<std::string> traits;
  if (!configuration.is_object()) {
    return traits;
  }
  const auto list = configuration.find("plugins");
  const Json plugins =
      list != configuration.end() && list->is_array() ? *list : Json::array({configuration});
  for (const auto& plugin : plugins) {
    if (!plugin.is_object()) {
      continue;
    }
    add(traits, text_of(plugin, "type"));
    if (const auto ipam = plugin.find("ipam"); ipam != plugin.end() && ipam->is_object()) {
      add(traits, text_of(*ipam, "type"));
    }
    if (const auto masq = plugin.find("ipMasq");
        masq != plugin.end() && masq->is_boolean() && masq->get<bool>()) {
      add(traits, "ipMasq");
    }
    if (!text_of(plugin, "externalSetMarkChain").empty()) {
      add(traits, "externalSetMarkChain");
    }
  }
  return traits;
}

std::string cni_version_of(const Json& configuration) {
  if (!configuration.is_object() || !configuration.contains("cniVersion")) {
    return "none";
  }
  const auto version = text_of(configuration, "cniVersion");
  return version.empty() ? "empty" : version;
}

}  // namespace cni_matrix::matrix
