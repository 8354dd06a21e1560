#pragma once

#include "cni/libcni_caller.hpp"
#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>

namespace cni_matrix::scenario {

// What somebody may do to a running pod's network behind the plugins' back:
//   flush-address     eth0 has no address any more
//   delete-routes     eth0 has its addresses, but no default route
//   link-down         eth0 is down
//   delete-interface  eth0 is gone, and with it its peer on the node
//   delete-lease      host-local has no record of its addresses
//   delete-rules      iptables has no rule in the table nat that names the pod
// Error kinds: broken; unavailable, when the pod has nothing of that kind, or without the program.
// `lease_root`: where host-local keeps the leases of networks.
Expected<void> damage_attachment(const cni::AttachedPod& pod, const std::string& how,
                                 const std::filesystem::path& lease_root);

}  // namespace cni_matrix::scenario
