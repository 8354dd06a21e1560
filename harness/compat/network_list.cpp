#include "network_list.hpp"

#include "base/try.hpp"
#include "chain/chain.hpp"
#include "scenario/conflist_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cni_matrix::compat {

namespace {

void add(std::vector<std::string>& texts, std::string text) {
  if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) {
    texts.push_back(std::move(text));
  }
}

// Keys that tell what a list is, and not what it wants of a plugin.
bool names_only(std::string_view key) {
  constexpr std::array<std::string_view, 6> k_names = {"type", "name", "cniVersion",
                                                       "ipam", "dns",  "cniVersions"};
  return std::find(k_names.begin(), k_names.end(), key) != k_names.end();
}

// The executable that an object calls, and what it is told.
void take(const Json& object, NetworkList& list) {
  const auto* type = chain::go_member(object, "type");
  if (type == nullptr || !type->is_string()) {
    return;
  }
  const auto name = type->get<std::string>();
  add(list.types, name);
  for (const auto& [key, value] : object.items()) {
    if (!names_only(key)) {
      add(list.keys, name + "." + key);
    }
  }
  for (const auto* inner : {"ipam", "delegate"}) {
    if (const auto* found = chain::go_member(object, inner)) {
      take(*found, list);
    }
  }
}

}  // namespace

std::vector<std::string> NetworkList::kinds_of(std::vector<std::string> traits) {
  const auto all = traits;
  std::erase_if(traits, [&](const std::string& trait) {
    return trait == "route-without-gateway" ||
           std::any_of(all.begin(), all.end(),
                       [&](const std::string& kind) { return trait.starts_with(kind + "."); });
  });
  return traits;
}

NetworkList NetworkList::of(const Json& configuration) {
  NetworkList list;
  list.cni_version = scenario::cni_version_of(configuration);
  list.traits = scenario::conflist_traits(configuration);
  list.names_versions = configuration.is_object() && configuration.contains("cniVersions");
  if (const auto plugins = configuration.find("plugins");
      plugins != configuration.end() && plugins->is_array()) {
    for (const auto& plugin : *plugins) {
      take(plugin, list);
    }
  } else {
    take(configuration, list);
  }
  std::sort(list.keys.begin(), list.keys.end());
  return list;
}

Expected<NetworkList> NetworkList::load(const scenario::Conflist& conflist) {
  TRY_ASSIGN(const auto file, scenario::ConflistFile::load(conflist));
  auto list = of(file.json());
  list.name = conflist.name;
  return list;
}

}  // namespace cni_matrix::compat
