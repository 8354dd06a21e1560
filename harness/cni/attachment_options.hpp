#pragma once

#include "go_cni.hpp"

#include "runtime/release_facts.hpp"
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <tl/expected.hpp>

#include <string>

namespace cni_matrix::cni {

enum class Direction { setup, teardown };

// What the CRI plugin makes of a pod for go-cni: toCNILabels and cniNamespaceOpts. The deadline of
// the call is not among it; who makes the call sets that. The error is containerd's, for an
// annotation of bandwidth that is no quantity or an unreasonable one.
tl::expected<AttachmentOptions, std::string> attachment_options(const ReleaseFacts& cri,
                                                                const std::string& id,
                                                                const PodSpec& pod,
                                                                Direction direction);

}  // namespace cni_matrix::cni
