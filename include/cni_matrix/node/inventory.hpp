#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::node {

// One class of things that a pod sandbox can leave behind. The first seven are primary: known
// behaviours and observed outcomes are stated in them. The others are secondary: where a known
// behaviour leaves a primary one, they may be left with it.
//
// Cgroups are no class: a node has a read-only cgroup mount and a wrapper that takes them out of
// what runc is told, so none are made.
enum class LeakClass {
  netns,
  veth,
  lease,
  cached_result,
  nat_rule,
  pod_record,
  process,
  link,
  route,
  filter_rule,
  nft_table,
  conntrack,
  state_file,
  mount,
  sysctl,
  snapshot
};
inline constexpr LeakClass k_leak_classes[] = {
    LeakClass::netns,      LeakClass::veth,        LeakClass::lease,     LeakClass::cached_result,
    LeakClass::nat_rule,   LeakClass::pod_record,  LeakClass::process,   LeakClass::link,
    LeakClass::route,      LeakClass::filter_rule, LeakClass::nft_table, LeakClass::conntrack,
    LeakClass::state_file, LeakClass::mount,       LeakClass::sysctl,    LeakClass::snapshot};
std::string_view name_of(LeakClass leak);  // "netns", "veth", "lease", "cached-result", ...
constexpr bool is_primary(LeakClass leak) {
  return leak <= LeakClass::process;
}

// What there is on a node at one moment. Each entry is a name that a person can act on: a path, a
// link's name, a rule as iptables-save prints it, "<id> NOTREADY", "portmap (pid 12)".
struct Inventory {
  std::vector<std::string> netns;           // /var/run/netns/cni-*
  std::vector<std::string> veths;           // on the node's side
  std::vector<std::string> leases;          // /var/lib/cni/networks/NET/IP
  std::vector<std::string> cached_results;  // /var/lib/cni/results/*
  std::vector<std::string> nat_rules;       // "ip -A POSTROUTING ...", "ip6 -A ...", of table nat
  std::vector<std::string> pods;       // "READY <id>" or "NOTREADY <id>"; filled by the scenario
  std::vector<std::string> processes;  // shims, pause, plugins

  std::vector<std::string> links;  // that are no veth: "cni0 (bridge)", "bwp0a1b2c3d4e5f (ifb)"
  // "ip route 10.88.0.2 dev veth1", "ip6 rule ...", "ip neighbour ...". Not the kernel's own routes
  // nor the neighbours that it learnt: they go with the link, or with time.
  std::vector<std::string> routes;
  std::vector<std::string> filter_rules;  // "ip filter -A CNI-FORWARD ...": tables other than nat
  // "table inet cni_hostport", "rule inet cni_hostport hostports handle 7 comment ...": what
  // iptables-save does not show.
  std::vector<std::string> nft_tables;
  std::vector<std::string> conntracks;   // "udp 10.88.0.1:5000 -> 192.0.2.2:8080", of pods
  std::vector<std::string> state_files;  // of plugins: /run/cni/..., /var/lib/cni/...
  std::vector<std::string> mounts;     // below /run/containerd, /var/lib/containerd and /run/netns
  std::vector<std::string> sysctls;    // "net.ipv4.ip_forward=1"
  std::vector<std::string> snapshots;  // containerd's own records of a pod: folders

  // The pod of an entry whose text does not name it, by the entry: who holds a lease. Neither
  // compared nor counted.
  std::map<std::string, std::string> owners;

  [[nodiscard]] const std::vector<std::string>& of(LeakClass leak) const;
  [[nodiscard]] std::vector<std::string>& of(LeakClass leak);
};

// The classes that have an entry.
std::set<LeakClass> classes_of(const Inventory& inventory);

// What is in `after` and not in `before`.
Inventory difference(const Inventory& before, const Inventory& after);

// Lists by class, and "owners" where there are any.
Json to_json(const Inventory& inventory);
Expected<Inventory> inventory_from_json(const Json& value);

// The node that the caller is in. Where there is nothing to list, no program is started. Error
// kind: broken, or unavailable (iptables is missing).
Expected<Inventory> take_inventory();

}  // namespace cni_matrix::node
