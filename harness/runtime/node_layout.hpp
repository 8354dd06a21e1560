#pragma once

#include <array>

// Where things are inside a node. They are a real node's paths, so error texts are a real node's
// too, and short, since the path of a Unix socket ends at 104 bytes.
namespace cni_matrix::layout {

inline constexpr const char* k_cni_bin = "/opt/cni/bin";  // what containerd and CNI_PATH name
inline constexpr const char* k_cni_conf = "/etc/cni/net.d";
inline constexpr const char* k_cni_state = "/var/lib/cni";        // results/ is libcni's
inline constexpr const char* k_leases = "/var/lib/cni/networks";  // host-local's, without a dataDir
inline constexpr const char* k_netns = "/var/run/netns";          // /var/run is a link to /run

// The stacks, read-only, bound from the store: one folder each.
inline constexpr const char* k_stacks = "/opt/stacks";  // /opt/stacks/containerd-0/...
// With the secret of the run inside, so it is never the one of libexec; see recorder/secret.hpp.
inline constexpr const char* k_recorder = "/opt/stacks/ours/recorder";
// Ours. `real` is a link to the folder of real plugins that is in use; the recorder follows it.
inline constexpr const char* k_ours = "/run/cni-matrix";
inline constexpr const char* k_real_plugins = "/run/cni-matrix/real";
inline constexpr const char* k_trace = "/run/cni-matrix/trace";
// Where the worker takes the record of every plugin call.
inline constexpr const char* k_trace_socket = "/run/cni-matrix/trace/socket";
inline constexpr const char* k_faults = "/run/cni-matrix/faults";  // there only when there are any
// Foreign programs can only read what is there, but for this folder.
inline constexpr const char* k_open = "/run/cni-matrix/open";
inline constexpr const char* k_fault_counts = "/run/cni-matrix/open/fault-counts";
// The network namespace beyond the uplink.
inline constexpr const char* k_outside = "/run/cni-matrix/outside";
// There: the OCI runtime wrapper refuses the next container, and takes it away.
inline constexpr const char* k_refuse_create = "/run/cni-matrix/open/refuse-create";
inline constexpr const char* k_logs = "/run/cni-matrix/logs";

// Of the host's /etc, what iptables, resolvers and Go's runtime read. A node has them read-only.
inline constexpr std::array k_host_etc = {"alternatives", "ethertypes",  "group",         "hosts",
                                          "ld.so.cache",  "localtime",   "nsswitch.conf", "passwd",
                                          "protocols",    "resolv.conf", "services"};

}  // namespace cni_matrix::layout
