#pragma once

#include "go_cni.hpp"

#include "runtime/release_facts.hpp"
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <string>

namespace cni_matrix::cni {

enum class Direction { setup, teardown };

// What the CRI plugin makes of a pod for go-cni: toCNILabels and cniNamespaceOpts. The deadline of
// the call is not among it; who makes the call sets that.
AttachmentOptions attachment_options(const ReleaseFacts& cri, const std::string& id,
                                     const PodSpec& pod, Direction direction);

}  // namespace cni_matrix::cni
