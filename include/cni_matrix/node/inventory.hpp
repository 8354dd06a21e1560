#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::node {

// One class of things that a pod sandbox can leave behind.
enum class LeakClass { netns, veth, lease, cached_result, nat_rule, pod_record, process };
inline constexpr LeakClass k_leak_classes[] = {
    LeakClass::netns,    LeakClass::veth,       LeakClass::lease,  LeakClass::cached_result,
    LeakClass::nat_rule, LeakClass::pod_record, LeakClass::process};
std::string_view name_of(LeakClass leak);  // "netns", "veth", "lease", "cached-result", ...

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

  [[nodiscard]] const std::vector<std::string>& of(LeakClass leak) const;
  [[nodiscard]] std::vector<std::string>& of(LeakClass leak);
};

// What is in `after` and not in `before`.
Inventory difference(const Inventory& before, const Inventory& after);

Json to_json(const Inventory& inventory);
Expected<Inventory> inventory_from_json(const Json& value);

// The node that the caller is in. Error kind: broken.
Expected<Inventory> take_inventory();

}  // namespace cni_matrix::node
