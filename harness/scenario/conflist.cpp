#include "base/json_fields.hpp"
#include <cni_matrix/scenario/conflist.hpp>

#include <algorithm>

namespace cni_matrix::scenario {

namespace {

void add(std::vector<std::string>& traits, const std::string& trait) {
  if (!trait.empty() && std::find(traits.begin(), traits.end(), trait) == traits.end()) {
    traits.push_back(trait);
  }
}

}  // namespace

std::string Conflist::label() const {
  return cni_version ? name + "@" + *cni_version : name;
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
    add(traits, text_at(plugin, "type"));
    if (const auto ipam = plugin.find("ipam"); ipam != plugin.end() && ipam->is_object()) {
      add(traits, text_at(*ipam, "type"));
    }
    if (const auto masq = plugin.find("ipMasq");
        masq != plugin.end() && masq->is_boolean() && masq->get<bool>()) {
      add(traits, "ipMasq");
    }
    if (!text_at(plugin, "externalSetMarkChain").empty()) {
      add(traits, "externalSetMarkChain");
    }
  }
  return traits;
}

std::string cni_version_of(const Json& configuration) {
  if (!configuration.is_object() || !configuration.contains("cniVersion")) {
    return "none";
  }
  const auto version = text_at(configuration, "cniVersion");
  return version.empty() ? "empty" : version;
}

}  // namespace cni_matrix::scenario
