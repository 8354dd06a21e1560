#include "conditions.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::verdict {

namespace {

constexpr const char* k_pod = "pod";

std::string value_at(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

bool has_all(const std::vector<std::string>& traits, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& trait) { return has_trait(traits, trait); });
}

bool has_none(const std::vector<std::string>& traits, const std::vector<std::string>& unwanted) {
  return std::none_of(unwanted.begin(), unwanted.end(),
                      [&](const std::string& trait) { return has_trait(traits, trait); });
}

bool state_fits(const BehaviourCondition& when, const Moment& now, const Creation& created,
                std::string_view pod) {
  const auto then = [&](const std::string& what) { return value_at(created.state, what); };
  return std::all_of(when.state.begin(), when.state.end(),
                     [&](const auto& item) {
                       return item.first == k_pod ? item.second == pod
                                                  : item.second == now.state_of(item.first);
                     }) &&
         std::all_of(when.changed.begin(), when.changed.end(), [&](const std::string& what) {
           return created.containerd && then(what) != now.state_of(what);
         });
}

Holds built_so(const BehaviourCondition& when, const Moment& now) {
  const auto* const modules = now.built_with();
  auto result = Holds::yes;
  for (const auto& [module, range] : when.built_with) {
    if (modules == nullptr) {
      return Holds::build_unknown;
    }
    const auto found = modules->find(module);
    if (found == modules->end()) {
      return Holds::no;
    }
    const auto version = Version::parse(found->second);
    if (!version) {
      result = Holds::build_unknown;
    } else if (!range.contains(*version)) {
      return Holds::no;
    }
  }
  return result;
}

}  // namespace

Holds holds(const BehaviourCondition& when, const Moment& now, const Creation& created,
            bool host_port, std::string_view pod, const Observation& observation) {
  const bool plugin_gone = std::any_of(
      now.gone_plugins.begin(), now.gone_plugins.end(),
      [&](const std::string& plugin) { return now.traits().empty() || now.has_trait(plugin); });
  const bool all =
      (!when.containerd || when.containerd->contains(now.containerd)) &&
      (!when.created_containerd ||
       (created.containerd && when.created_containerd->contains(*created.containerd))) &&
      (!when.plugins || when.plugins->contains(now.plugins)) &&
      (!when.cni_version || when.cni_version->contains(now.cni_version)) &&
      (!when.created_cni_version ||
       (!created.cni_version.empty() && when.created_cni_version->contains(created.cni_version))) &&
      (when.scenarios.empty() || std::find(when.scenarios.begin(), when.scenarios.end(),
                                           observation.scenario) != when.scenarios.end()) &&
      has_all(now.traits(), when.uses) && has_all(created.traits, when.created_uses) &&
      has_none(now.traits(), when.lacks) && has_none(created.traits, when.created_lacks) &&
      flag_fits(when.host_port, host_port) && flag_fits(when.mark_chain, observation.mark_chain) &&
      flag_fits(when.netns_gone, now.netns_gone) &&
      flag_fits(when.conflist_gone, now.conflist_gone) &&
      flag_fits(when.plugin_gone, plugin_gone) && state_fits(when, now, created, pod);
  return all ? built_so(when, now) : Holds::no;
}

bool makes(const Moment& now, const Creation& created, bool host_port, node::LeakClass leak) {
  const auto& traits = created.traits.empty() ? now.traits() : created.traits;
  if (traits.empty()) {
    return true;
  }
  const auto has = [&](std::string_view trait) { return has_trait(traits, trait); };
  // Earlier plugins do not know the settings.
  static const Version since{1, 6, 0, ""};
  const bool knows_nft = now.plugins >= since;
  const bool masquerades_by_nft =
      knows_nft && (has("bridge.ipMasqBackend=nftables") || has("ptp.ipMasqBackend=nftables"));
  const bool maps_by_nft = knows_nft && has("portmap.backend=nftables");
  const bool maps_ports = host_port && has("portmap");
  switch (leak) {
    case node::LeakClass::lease:
      return has("host-local");
    case node::LeakClass::veth:
      return has("bridge") || has("ptp");
    case node::LeakClass::nat_rule:
      return (has("ipMasq") && !masquerades_by_nft) || (maps_ports && !maps_by_nft);
    case node::LeakClass::nft_table:
      return (has("ipMasq") && masquerades_by_nft) || (maps_ports && maps_by_nft);
    case node::LeakClass::filter_rule:
      return has("firewall");
    default:
      return true;
  }
}

}  // namespace cni_matrix::verdict
