#include "libcni_calls.hpp"

#include "base/try.hpp"

#include <optional>

namespace cni_matrix::scenario {

namespace {

// The text of the list for eth0 in go-cni's GetConfig, as Status shows it. Absent without one.
std::optional<std::string> configuration_of_eth0(const Json& shown) {
  const auto networks = shown.is_object() ? shown.find("Networks") : shown.end();
  if (networks == shown.end() || !networks->is_array()) {
    return std::nullopt;
  }
  for (const auto& network : *networks) {
    const Json::json_pointer source("/Config/Source");
    if (network.value("IFName", "") == "eth0" && network.contains(source) &&
        network.at(source).is_string()) {
      return network.at(source).get<std::string>();
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<RuntimeResult<void>> call_libcni(CniCommand command, PodRuntime& runtime,
                                          const cni::Profile& profile,
                                          const std::vector<cni::AttachedPod>& pods,
                                          std::chrono::milliseconds limit) {
  const auto refusal = [](std::string message) {
    return RuntimeResult<void>(tl::unexpected(RuntimeError{"", std::move(message)}));
  };
  const auto status = runtime.network_status();
  if (!status) {
    return RuntimeResult<void>(tl::unexpected(status.error()));
  }
  const auto configuration = configuration_of_eth0(status->configuration);
  if (!configuration) {
    return refusal("the runtime has no network configuration in force");
  }
  TRY_ASSIGN(auto caller, cni::LibcniCaller::create(profile, *configuration, limit));
  const auto ask = [&]() -> go::Decoded<void> {
    switch (command) {
      case CniCommand::add:
        return caller.add(pods.front());
      case CniCommand::check:
        return caller.check(pods.front());
      case CniCommand::gc:
        break;
    }
    return caller.collect_garbage(pods);
  };
  const auto answer = ask();
  return answer ? RuntimeResult<void>() : refusal(answer.error());
}

}  // namespace cni_matrix::scenario
