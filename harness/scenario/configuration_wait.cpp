#include "configuration_wait.hpp"

#include "configuration_text.hpp"

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
constexpr auto k_half_written = 100ms;  // between the two, where something else tells them apart
constexpr auto k_change_is_seen = 1s;   // or it is nothing to the runtime

// go-cni's GetConfig keeps the text of a list as "Source" of a network's "Config", and libcni makes
// a list of one plugin out of a .conf.
bool is_source_of(const std::string& source, const Json& wanted) {
  const auto loaded = loaded_configuration(source);
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

// Until Status is as it should be, or goes on refusing.
template <typename Done>
Expected<NetworkStatus> wait_until(PodRuntime& runtime, const Done& done) {
  const auto begin = Clock::now();
  for (;;) {
    auto status = runtime.network_status();
    if (!status) {
      return broken("the runtime does not answer Status: {}", status.error().message);
    }
    const auto waited = Clock::now() - begin;
    if (done(*status) || (refused(*status) && waited > k_refusal_stays)) {
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

bool is_same(const NetworkStatus& a, const NetworkStatus& b) {
  return a.network_ready == b.network_ready && a.message == b.message &&
         a.load_status == b.load_status && a.configuration == b.configuration;
}

// Handlers have theirs under further keys.
std::string load_of(const NetworkStatus& status) {
  const auto found = status.load_status.find("lastCNILoadStatus");
  return found == status.load_status.end() ? std::string() : found->second;
}

bool fits(const NetworkStatus& status, const AwaitedStatus& wanted) {
  const bool any_load = wanted.load.empty() || status.load_status.empty();
  return status.network_ready == wanted.ready &&
         (any_load || regex_found(wanted.load, load_of(status))) &&
         (wanted.message.empty() || regex_found(wanted.message, status.message));
}

// Whether that is what Status says because of the change; it has said so for `stays`.
bool follows(const ConfigurationChange& change, const NetworkStatus& status,
             Clock::duration stays) {
  if (!change.before || is_same(*change.before, status)) {
    return Clock::now() - change.when > k_change_is_seen && stays > k_change_is_seen;
  }
  return status.network_ready || stays > k_half_written;
}

}  // namespace

Expected<NetworkStatus> wait_for_configuration(PodRuntime& runtime, const Json& wanted) {
  return wait_until(runtime, [&wanted](const NetworkStatus& status) {
    return wanted.is_null() ? refused(status) : shows(status.configuration, wanted);
  });
}

Expected<NetworkStatus> wait_until_gone(PodRuntime& runtime, const Json& configuration) {
  return wait_until(runtime, [&configuration](const NetworkStatus& status) {
    return refused(status) || !shows(status.configuration, configuration);
  });
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

AwaitAnswer await_status(PodRuntime& runtime, const AwaitedStatus& wanted,
                         const std::optional<ConfigurationChange>& change) {
  const auto deadline = Clock::now() + wanted.within;
  AwaitAnswer answer;
  std::optional<Clock::time_point> same_since;
  for (;;) {
    const auto status = runtime.network_status();
    if (!status) {
      answer.verdict = tl::unexpected(status.error());
      return answer;
    }
    if (!answer.last || !is_same(*answer.last, *status)) {
      same_since = Clock::now();
    }
    answer.last = *status;
    const bool over = Clock::now() >= deadline;
    if (fits(*status, wanted) && (over || !change || runtime.sees_edits_at_once() ||
                                  follows(*change, *status, Clock::now() - *same_since))) {
      return answer;
    }
    if (over) {
      answer.verdict = tl::unexpected(RuntimeError{
          "",
          fmt::format("after {} ms the network is {}; load status: {}{}{}", wanted.within.count(),
                      status->network_ready ? "ready" : "not ready", load_of(*status),
                      status->message.empty() ? "" : "; message: ", status->message)});
      return answer;
    }
    std::this_thread::sleep_for(2ms);  // CRI has no call that tells of a reload
  }
}

}  // namespace cni_matrix::scenario
