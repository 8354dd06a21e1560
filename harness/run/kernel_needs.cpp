#include "kernel_needs.hpp"

#include "node/link_kinds.hpp"

#include <algorithm>
#include <array>

namespace cni_matrix::run {

namespace {

struct Need {
  const char* plugin;
  const char* kind;
};

constexpr std::array k_needs = {
    Need{"bridge", "bridge"},   Need{"bridge", "veth"},   Need{"ptp", "veth"},
    Need{"macvlan", "macvlan"}, Need{"ipvlan", "ipvlan"}, Need{"vlan", "vlan"},
    Need{"dummy", "dummy"},     Need{"vrf", "vrf"},       Need{"bandwidth", "ifb"}};

}  // namespace

Expected<void> check_kernel_needs(const std::vector<std::string>& traits) {
  const auto uses = [&](const char* plugin) {
    return std::find(traits.begin(), traits.end(), plugin) != traits.end();
  };
  for (const auto& need : k_needs) {
    if (!uses(need.plugin)) {
      continue;
    }
    CNI_MATRIX_TRY_ASSIGN(const bool has, node::has_link_kind(need.kind));
    if (!has) {
      return unavailable("the plugin {} makes a link of kind {}, which this kernel does not have",
                         need.plugin, need.kind);
    }
  }
  if (uses("tap")) {
    return unavailable("the plugin tap needs /dev/net/tun, which a node does not have");
  }
  return {};
}

}  // namespace cni_matrix::run
