#include "conditions.hpp"

#include <algorithm>
#include <string>

namespace cni_matrix::verdict {

bool applies(const BehaviourCondition& when, const Moment& now, const Creation& created,
             bool host_port, const Observation& observation) {
  const bool plugin_gone = std::any_of(
      now.gone_plugins.begin(), now.gone_plugins.end(),
      [&](const std::string& plugin) { return now.traits().empty() || now.has_trait(plugin); });
  return (!when.containerd || when.containerd->contains(now.containerd)) &&
         (!when.created_containerd ||
          (created.containerd && when.created_containerd->contains(*created.containerd))) &&
         (!when.plugins || when.plugins->contains(now.plugins)) &&
         (!when.cni_version || when.cni_version->contains(now.cni_version)) &&
         (!when.created_cni_version || (!created.cni_version.empty() &&
                                        when.created_cni_version->contains(created.cni_version))) &&
         (when.scenarios.empty() || std::find(when.scenarios.begin(), when.scenarios.end(),
                                              observation.scenario) != when.scenarios.end()) &&
         std::all_of(when.uses.begin(), when.uses.end(),
                     [&](const std::string& trait) { return now.has_trait(trait); }) &&
         flag_fits(when.host_port, host_port) &&
         flag_fits(when.mark_chain, observation.mark_chain) &&
         flag_fits(when.netns_gone, now.netns_gone) &&
         flag_fits(when.conflist_gone, now.conflist_gone) &&
         flag_fits(when.plugin_gone, plugin_gone);
}

bool makes(const Moment& now, bool host_port, node::LeakClass leak) {
  if (now.traits().empty()) {
    return true;
  }
  switch (leak) {
    case node::LeakClass::lease:
      return now.has_trait("host-local");
    case node::LeakClass::veth:
      return now.has_trait("bridge") || now.has_trait("ptp");
    case node::LeakClass::nat_rule:
      return now.has_trait("ipMasq") || (host_port && now.has_trait("portmap"));
    default:
      return true;
  }
}

}  // namespace cni_matrix::verdict
