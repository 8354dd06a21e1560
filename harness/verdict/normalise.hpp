#pragma once

#include <string>
#include <string_view>

namespace cni_matrix::verdict {

// An error text without what differs from run to run, so that texts can be compared as a whole:
//   64 hexadecimal digits (sandbox ids)               <ID>
//   8-4-4-4-12 digits (netns names)                   <UUID>
//   /opt/cni/bin, /etc/cni/net.d                      <DIR>/bin, <DIR>/net.d
//   CNI-DN-1a2b..., CNI-HOSTPORT-1a2b..., CNI-1a2b... CNI-DN-<HASH>, ...
//   iptables v1.8.9 (nf_tables)                       iptables v<VERSION>
// Idempotent. Trailing white space is dropped.
std::string normalise_error(std::string_view text);

// normalise_error, and what the kernel, the clock or chance decides taken out too: times, dates,
// MAC addresses, names of veths and of bandwidth's ifbs. For comparing two runs of one cell.
std::string comparable_error(std::string_view text);

}  // namespace cni_matrix::verdict
