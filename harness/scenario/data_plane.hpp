#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <string>
#include <vector>

namespace cni_matrix::scenario {

struct DataPlane {
  std::string netns;             // path of the pod's network namespace
  std::vector<std::string> ips;  // of the pod, IPv4 and IPv6
  std::vector<PortMapping> port_mappings;
};

// Real connections, each with a time limit: lo is up in the pod; the node reaches the pod on every
// address; the outside reaches each TCP host port over the node's uplink. Error: the first thing
// that does not work, as it was seen ("timed out", "Connection refused").
Expected<void> probe_data_plane(const DataPlane& plane);

}  // namespace cni_matrix::scenario
