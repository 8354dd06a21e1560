#pragma once

#include <cni_matrix/runtime/pod_runtime.hpp>

#include <map>
#include <string>

namespace cni_matrix::containerd {

// What containerd adds to verbose answers: JSON texts, of no published schema.
using VerboseInfo = std::map<std::string, std::string>;

// Take the network part of the answer to Status: "cniconfig" and "lastCNILoadStatus*".
void read_network_info(const VerboseInfo& info, NetworkStatus& status);

// The path of the pod's network namespace from the answer to PodSandboxStatus; empty when it has
// none.
std::string netns_of(const VerboseInfo& info);

// The pod's first process from the same answer; 0 when it names none.
int pid_of(const VerboseInfo& info);

}  // namespace cni_matrix::containerd
