#pragma once

#include <cni_matrix/base/json.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace cni_matrix::scenario {

// Wait until the runtime's Status shows the configuration `wanted`, or, where it is null, that none
// is loaded; returns that Status. A configuration that the runtime keeps refusing is shown by its
// load status. Error kind: broken, when neither comes within the limit.
Expected<NetworkStatus> wait_for_configuration(PodRuntime& runtime, const Json& wanted);

// Wait until it shows this one no more, or none; the rest is the same.
Expected<NetworkStatus> wait_until_gone(PodRuntime& runtime, const Json& configuration);

// Wait until the runtime has noticed that its configuration directory is gone: it has no
// configuration any more, or has ended. Error kind: broken, when neither comes within the limit.
Expected<void> wait_for_lost_directory(PodRuntime& runtime);

// What Status should come to say.
struct AwaitedStatus {
  bool ready = true;
  std::string load;     // regular expression over the load status of the default network, where the
                        // release tells one (1.4 on); empty: anything
  std::string message;  // the same over the message of NetworkReady
  std::chrono::milliseconds within{2'000};
};

// A change of the configuration directory that nobody has waited for since.
struct ConfigurationChange {
  std::chrono::steady_clock::time_point when;
  std::optional<NetworkStatus> before;  // what Status said then, if it is the only such change
};

struct AwaitAnswer {
  RuntimeResult<void> verdict;  // an error, without a code, that tells what Status says instead
  std::optional<NetworkStatus> last;
};

// After a change, what Status said before it is no answer, unless it goes on saying that: CRI does
// not tell that a runtime has looked at the directory.
AwaitAnswer await_status(PodRuntime& runtime, const AwaitedStatus& wanted,
                         const std::optional<ConfigurationChange>& change = std::nullopt);

}  // namespace cni_matrix::scenario
