#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cni_matrix::probe {

struct ProbeTarget {
  std::string netns;             // path of the pod's network namespace
  std::vector<std::string> ips;  // of the pod, IPv4 and IPv6
  std::vector<PortMapping> port_mappings;
  int mtu = 0;  // what eth0's should be; 0: that of its peer on the node
};

// One look at one thing, with real packets.
struct ProbeResult {
  std::string probe;
  std::string family;  // "ipv4", "ipv6"; empty when it is about neither
  bool ok = false;
  std::string saw;  // "10.88.0.2:40213/tcp: connected", "... refused", "... unreachable"
  std::int64_t wall_us = 0;
};

inline constexpr std::chrono::milliseconds k_probe_limit{2'000};

// The probes, each for every family that the pod has an address of:
//   loopback               lo is up in the pod, and connects to itself
//   mtu                    eth0's MTU is the wanted one
//   node-to-pod            the node connects to the pod
//   pod-to-node            the pod connects to the node's uplink address
//   pod-to-pod             the pod connects to `other`
//   outside-to-host-port   the outside connects to each host port, TCP or UDP, at the node's uplink
//                          address (or at the mapping's host IP)
//   loopback-to-host-port  the node connects to each host port at 127.0.0.1; portmap has no ::1
//   host-port-not-captured a connection to the same port of another machine, from the node and from
//                          elsewhere through the node, does not land in the pod (CVE-2025-67499)
//   masquerade             the pod connects to the outside, which sees the node's uplink address
const std::vector<std::string>& probe_names();

// Those that every pod should pass: loopback, node-to-pod, pod-to-node, and with host ports
// outside-to-host-port.
std::vector<std::string> usual_probes(const ProbeTarget& pod);

// Do the probes, in their order, from inside a node. `limit` is for one conversation; a probe has
// one for each family and host port; before the first, up to 3 s go to IPv6 addresses that are
// still looking for duplicates. `other` is a second pod, or null. What a probe sees is no Error, be
// it good or bad. Error kinds: input (no such probe; one that the pod has nothing for); broken (the
// pod's namespace is gone, its port is taken).
Expected<std::vector<ProbeResult>> probe_data_plane(
    const std::vector<std::string>& probes, const ProbeTarget& pod, const ProbeTarget* other,
    std::chrono::milliseconds limit = k_probe_limit);

}  // namespace cni_matrix::probe
