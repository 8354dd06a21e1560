#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/node/leak_class.hpp>

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cni_matrix::node {

// What there is on a node at one moment. Each entry is a name that a person can act on: a path, a
// link's name, a rule as iptables-save prints it, "<id> NOTREADY", "portmap (pid 12)".
//   netns          "/var/run/netns/cni-..."
//   veth           on the node's side
//   lease          "/var/lib/cni/networks/NET/IP"
//   cached_result  "/var/lib/cni/results/..."
//   nat_rule       "ip -A POSTROUTING ...", "ip6 -A ...", of table nat
//   pod_record     "READY <id>" or "NOTREADY <id>"; filled by the scenario
//   process        shims, pause, plugins
//   link           that is no veth: "cni0 (bridge)", "bwp0a1b2c3d4e5f (ifb)"
//   route          "ip route 10.88.0.2 dev veth1", "ip6 rule ...", "ip neighbour ...". Not the
//                  kernel's own routes nor the neighbours that it learnt: they go with the link, or
//                  with time.
//   filter_rule    "ip filter -A CNI-FORWARD ...": tables other than nat
//   nft_table      "table inet cni_hostport", "rule inet cni_hostport hostports handle 7 comment
//                  ...": what iptables-save does not show
//   conntrack      "udp 10.88.0.1:5000 -> 192.0.2.2:8080", of pods
//   state_file     of plugins: /run/cni/..., /var/lib/cni/...
//   mount          below /run/containerd, /var/lib/containerd and /run/netns
//   sysctl         "net.ipv4.ip_forward=1"
//   snapshot       containerd's own records of a pod: folders
//   watched        "acme /var/lib/acme/pods/1": state that the description of the node says to look
//                  after; filled by the scenario
struct Inventory {
  std::array<std::vector<std::string>, k_leak_class_count> entries;  // by class, see of()

  // The pod of an entry whose text does not name it, by the entry: who holds a lease. Neither
  // compared nor counted.
  std::map<std::string, std::string> owners;

  [[nodiscard]] const std::vector<std::string>& of(LeakClass leak) const& {
    return entries[index_of(leak)];
  }
  [[nodiscard]] std::vector<std::string>& of(LeakClass leak) & { return entries[index_of(leak)]; }
  // Of one that ends with the expression, the list itself.
  [[nodiscard]] std::vector<std::string> of(LeakClass leak) && {
    return std::move(entries[index_of(leak)]);
  }
  void add(LeakClass leak, std::string entry) { of(leak).push_back(std::move(entry)); }
};

// The classes that have an entry.
std::set<LeakClass> classes_of(const Inventory& inventory);

// What is in `after` and not in `before`.
Inventory difference(const Inventory& before, const Inventory& after);

// Lists by class, and "owners" where there are any.
Json to_json(const Inventory& inventory);
Expected<Inventory> inventory_from_json(const Json& value);

// The node that the caller is in. Where there is nothing to list, no program is started.
// `lease_roots`: directories of host-local beside /var/lib/cni/networks (dataDir), absolute. Error
// kind: broken, or unavailable (iptables is missing).
Expected<Inventory> take_inventory(const std::vector<std::string>& lease_roots = {});

}  // namespace cni_matrix::node
