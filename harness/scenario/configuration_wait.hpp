#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

namespace cni_matrix::scenario {

// Wait until the runtime's Status shows the configuration `wanted`, or, where it is null, that none
// is loaded; returns that Status. A configuration that the runtime keeps refusing is shown by its
// load status. Error kind: broken, when neither comes within the limit.
Expected<NetworkStatus> wait_for_configuration(PodRuntime& runtime, const Json& wanted);

// Wait until the runtime has noticed that its configuration directory is gone: it has no
// configuration any more, or has ended. Error kind: broken, when neither comes within the limit.
Expected<void> wait_for_lost_directory(PodRuntime& runtime);

}  // namespace cni_matrix::scenario
