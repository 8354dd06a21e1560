#include "conditions.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cni_matrix::verdict {

namespace {

// Released versions of the CNI specification.
constexpr std::array<std::string_view, 7> k_spec_versions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                             "0.4.0", "1.0.0", "1.1.0"};

bool has_trait(const Observation& observation, const std::string& trait) {
  return std::find(observation.traits.begin(), observation.traits.end(), trait) !=
         observation.traits.end();
}

bool version_listed(const std::vector<std::string>& list, const std::string& version) {
  const bool absent = version == "none" || version == "empty";
  const bool spec =
      std::find(k_spec_versions.begin(), k_spec_versions.end(), version) != k_spec_versions.end();
  return list.empty() || std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
           return entry == "absent"    ? absent
                  : entry == "unknown" ? !absent && !spec
                                       : entry == version;
         });
}

}  // namespace

bool applies(const BehaviourCondition& when, const Moment& now, const Creation& created,
             const Observation& observation) {
  const bool plugin_gone =
      std::any_of(now.gone_plugins.begin(), now.gone_plugins.end(), [&](const std::string& plugin) {
        return observation.traits.empty() || has_trait(observation, plugin);
      });
  return (!when.containerd || when.containerd->contains(now.containerd)) &&
         (!when.created_containerd ||
          (created.containerd && when.created_containerd->contains(*created.containerd))) &&
         (!when.plugins || when.plugins->contains(now.plugins)) &&
         version_listed(when.cni_versions, now.cni_version) &&
         (when.created_cni_versions.empty() ||
          (!created.cni_version.empty() &&
           version_listed(when.created_cni_versions, created.cni_version))) &&
         (when.scenarios.empty() || std::find(when.scenarios.begin(), when.scenarios.end(),
                                              observation.scenario) != when.scenarios.end()) &&
         std::all_of(when.uses.begin(), when.uses.end(),
                     [&](const std::string& trait) { return has_trait(observation, trait); }) &&
         flag_fits(when.host_port, observation.host_port) &&
         flag_fits(when.mark_chain, observation.mark_chain) &&
         flag_fits(when.netns_gone, now.netns_gone) &&
         flag_fits(when.conflist_gone, now.conflist_gone) &&
         flag_fits(when.plugin_gone, plugin_gone);
}

bool makes(const Observation& observation, node::LeakClass leak) {
  if (observation.traits.empty()) {
    return true;
  }
  switch (leak) {
    case node::LeakClass::lease:
      return has_trait(observation, "host-local");
    case node::LeakClass::veth:
      return has_trait(observation, "bridge") || has_trait(observation, "ptp");
    case node::LeakClass::nat_rule:
      return has_trait(observation, "ipMasq") ||
             (observation.host_port && has_trait(observation, "portmap"));
    default:
      return true;
  }
}

}  // namespace cni_matrix::verdict
