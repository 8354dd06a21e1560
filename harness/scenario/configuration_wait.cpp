#include "configuration_wait.hpp"

#include "base/regex_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace cni_matrix::scenario {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto k_limit = 10s;
// containerd sees an edit as two events, and after the first one the file is empty: only a refusal
// that stays is the answer.
constexpr auto k_refusal_stays = 1s;

// go-cni's GetConfig keeps the text of a list as "Source" of a network's "Config", and libcni makes
// a list of one plugin out of a .conf.
bool is_source_of(const std::string& source, const Json& wanted) {
  const auto loaded = Json::parse(source, nullptr, false);
  if (loaded == wanted) {
    return true;
  }
  const auto plugins = loaded.is_object() ? loaded.find("plugins") : loaded.end();
  return plugins != loaded.end() && plugins->is_array() && plugins->size() == 1 &&
         plugins->front() == wanted;
}

bool shows(const Json& value, const Json& wanted) {
  if (value.is_object()) {
    const auto source = value.find("Source");
    if (source != value.end() && source->is_string() &&
        is_source_of(source->get_ref<const std::string&>(), wanted)) {
      return true;
    }
  }
  return value.is_structured() && std::any_of(value.begin(), value.end(), [&](const Json& member) {
           return shows(member, wanted);
         });
}

bool refused(const NetworkStatus& status) {
  if (status.load_status.empty()) {
    return !status.network_ready;  // containerd 1.3 tells no more
  }
  return std::any_of(status.load_status.begin(), status.load_status.end(),
                     [](const auto& entry) { return entry.second != "OK"; });
}

}  // namespace

Expected<NetworkStatus> wait_for_configuration(PodRuntime& runtime, const Json& wanted) {
  const auto begin = Clock::now();
  for (;;) {
    auto status = runtime.network_status();
    if (!status) {
      return broken("the runtime does not answer Status: {}", status.error().message);
    }
    const auto waited = Clock::now() - begin;
    const bool done = wanted.is_null() ? refused(*status) : shows(status->configuration, wanted);
    if (done || (refused(*status) && waited > k_refusal_stays)) {
      return std::move(*status);
    }
    if (waited > k_limit) {
      return broken("the runtime did not notice the changed network configuration within {} s",
                    std::chrono::seconds(k_limit).count());
    }
    // There is no event to wait for: CRI has no call that tells of a reload.
    std::this_thread::sleep_for(2ms);
  }
}

Expected<void> wait_for_lost_directory(PodRuntime& runtime) {
  const auto deadline = Clock::now() + k_limit;
  for (;;) {
    const auto status = runtime.network_status();
    if (!status || !status->network_ready) {
      return {};
    }
    if (Clock::now() > deadline) {
      return broken("the runtime did not notice within {} s that its configuration directory went",
                    std::chrono::seconds(k_limit).count());
    }
    std::this_thread::sleep_for(2ms);
  }
}

AwaitAnswer await_status(PodRuntime& runtime, const AwaitedStatus& wanted) {
  const auto deadline = Clock::now() + wanted.within;
  AwaitAnswer answer;
  for (;;) {
    const auto status = runtime.network_status();
    if (!status) {
      answer.verdict = tl::unexpected(status.error());
      return answer;
    }
    answer.last = *status;
    // Handlers have theirs under further keys.
    const auto found = status->load_status.find("lastCNILoadStatus");
    const auto load = found == status->load_status.end() ? std::string() : found->second;
    const bool any_load = wanted.load.empty() || status->load_status.empty();
    if (status->network_ready == wanted.ready && (any_load || regex_found(wanted.load, load)) &&
        (wanted.message.empty() || regex_found(wanted.message, status->message))) {
      return answer;
    }
    if (Clock::now() >= deadline) {
      answer.verdict = tl::unexpected(RuntimeError{
          "", fmt::format("after {} ms the network is {}; load status: {}{}{}",
                          wanted.within.count(), status->network_ready ? "ready" : "not ready",
                          load, status->message.empty() ? "" : "; message: ", status->message)});
      return answer;
    }
    std::this_thread::sleep_for(2ms);  // CRI has no call that tells of a reload
  }
}

}  // namespace cni_matrix::scenario
