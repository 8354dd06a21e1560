#pragma once

#include "cri_behaviour.hpp"

#include <cni_matrix/cni/go_cni.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <string>

namespace cni_matrix::cni {

enum class Direction { setup, teardown };

// What the CRI plugin makes of a pod for go-cni: toCNILabels and cniNamespaceOpts. Without a
// deadline.
AttachmentOptions attachment_options(const CriBehaviour& cri, const std::string& id,
                                     const PodSpec& pod, Direction direction);

}  // namespace cni_matrix::cni
