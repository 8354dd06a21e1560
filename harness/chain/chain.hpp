#pragma once

#include "base/ip_range.hpp"
#include <cni_matrix/base/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::chain {

// A network configuration as a chain of plugins: which does what in it, and what it makes of a
// node. Keys of plugins are looked up as Go's encoding/json does, in any case.
class Chain {
 public:
  // Of a list, or of a single plugin (.conf).
  explicit Chain(const Json& configuration);

  // A chain that has a plugin for every role: what a scenario is read with before there is a cell.
  static const Chain& sample();

  [[nodiscard]] const std::string& network() const { return m_network; }  // "containerd-net"
  [[nodiscard]] bool is_list() const { return m_is_list; }
  [[nodiscard]] std::size_t size() const { return m_plugins.size(); }

  // A plugin of it by its part: "@first", "@last", "@2", "@-2" (the last but one), "@interface"
  // (the first that is not made to come behind another), "@ipam", "@masquerade", "@ports" (makes
  // port rules), "@capability:NAME"; or by its type, the first of them.
  struct Part {
    std::string type;
    std::string path;  // JSON pointer to its object: "/plugins/1", "/plugins/0/ipam", "" of a .conf
  };
  [[nodiscard]] std::optional<Part> find(std::string_view role) const;
  static bool is_role(std::string_view text) { return text.starts_with('@'); }
  // Error kind: input, for what is no role.
  static Expected<void> check_role(std::string_view role);

  // The bridge that the interface plugin has; empty where it is none.
  [[nodiscard]] std::string bridge() const;
  // The first range that host-local gives addresses from. Nothing with other IPAM plugins.
  struct Range {
    IpRange subnet;
    std::string gateway;
    std::string first;  // address that a pod gets
    std::string last;
    // Addresses for pods, at most `limit`.
    [[nodiscard]] std::uint64_t count(std::uint64_t limit) const;
  };
  [[nodiscard]] std::optional<Range> range() const;
  // Every network that it takes addresses from.
  [[nodiscard]] std::vector<IpRange> subnets() const;
  // Where host-local keeps the leases of networks, and those of this one; empty with other IPAM
  // plugins.
  [[nodiscard]] std::string lease_root() const;
  [[nodiscard]] std::string lease_directory() const;

  // What has to be there as an executable, each once: plugins, those that they hand over to as the
  // configuration says, IPAM plugins.
  [[nodiscard]] std::vector<std::string> types() const;
  // Whether that is one of the plugins that the CNI project itself releases.
  static bool is_reference_plugin(std::string_view type);
  // What conditions of known behaviours ask for: see conflist_traits() in scenario.
  [[nodiscard]] std::vector<std::string> traits() const;

  // Whether the pod gets a default route in its main table.
  [[nodiscard]] bool has_default_route() const;
  // Whether the node has an address in the pod's network.
  [[nodiscard]] bool has_gateway() const;
  // Whether node and pod cannot reach each other by what the chain makes. Of a plugin that is none
  // of the reference plugins it is taken that they can, as Kubernetes asks for.
  [[nodiscard]] bool cuts_off_node() const;
  // Whether its bridge takes another address than it has (forceAddress).
  [[nodiscard]] bool forces_address() const;
  // Whether a bridge of it takes in frames of some VLANs only.
  [[nodiscard]] bool filters_vlans() const;
  // Links of the node that plugins take by name (`master`, `device`), each once.
  [[nodiscard]] std::vector<std::string> node_links() const;
  // Whether the plugin of that role calls iptables; empty: any.
  [[nodiscard]] bool calls_iptables(std::string_view role) const;

 private:
  struct Plugin {
    Json object;  // with the delegate's keys where it hands over to another plugin
    std::string type;
    std::string maker;  // the type that makes the interface: its own, or the delegate's
    std::string path;
  };

  [[nodiscard]] const Plugin* plugin_of(std::string_view role) const;
  [[nodiscard]] const Json* ipam() const;  // of the interface plugin

  std::string m_network;
  bool m_is_list = false;
  std::vector<Plugin> m_plugins;
};

// The member of an object as Go finds it for a struct's field: in any case. Null where there is
// none.
const Json* go_member(const Json& object, std::string_view key);

}  // namespace cni_matrix::chain
