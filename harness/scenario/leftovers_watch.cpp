#include "leftovers_watch.hpp"

#include "base/try.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>

namespace cni_matrix::scenario {

using namespace std::chrono_literals;

Expected<std::vector<PodSandbox>> pods_of(PodRuntime& runtime) {
  auto pods = runtime.list_pod_sandboxes();
  if (!pods && pods.error().code == "Unavailable") {
    return std::vector<PodSandbox>();
  }
  if (!pods) {
    return broken("the runtime does not list its pods: {}", pods.error().message);
  }
  return std::move(*pods);
}

namespace {

// "dnsmasq (pid 12)"
pid_t number_of(const std::string& process) {
  constexpr std::string_view k_before = "(pid ";
  const auto at = process.rfind(k_before);
  pid_t number = 0;
  if (at != std::string::npos) {
    std::from_chars(process.data() + at + k_before.size(), process.data() + process.size(), number);
  }
  return number;
}

}  // namespace

Expected<node::Inventory> LeftoversWatch::take() const {
  TRY_ASSIGN(auto now, node::take_inventory(m_lease_roots));
  if (m_is_own) {
    std::erase_if(now.of(node::LeakClass::process),
                  [this](const std::string& process) { return m_is_own(number_of(process)); });
  }
  if (m_state != nullptr) {
    now.of(node::LeakClass::watched) = equipment::list_state(*m_state);
  }
  return now;
}

Expected<void> LeftoversWatch::begin() {
  TRY_ASSIGN(m_before, take());
  return {};
}

Expected<node::Inventory> LeftoversWatch::added(PodRuntime& runtime) const {
  TRY_ASSIGN(auto now, take());
  TRY_ASSIGN(const auto pods, pods_of(runtime));
  for (const auto& pod : pods) {
    now.add(node::LeakClass::pod_record,
            fmt::format("{} {}", pod.state == PodState::ready ? "READY" : "NOTREADY", pod.id));
  }
  return node::difference(m_before, now);
}

Expected<node::Inventory> LeftoversWatch::settled(PodRuntime& runtime) const {
  const auto deadline = std::chrono::steady_clock::now() + 1s;
  for (;;) {
    TRY_ASSIGN(auto now, added(runtime));
    const bool is_settled =
        (now.of(node::LeakClass::process).empty() ||
         !now.of(node::LeakClass::pod_record).empty()) &&
        now.of(node::LeakClass::veth).size() <= now.of(node::LeakClass::netns).size();
    if (is_settled || std::chrono::steady_clock::now() > deadline) {
      return now;
    }
    std::this_thread::sleep_for(5ms);
  }
}

Expected<std::string> LeftoversWatch::netns_of(const PodStatus& pod, PodRuntime& runtime) const {
  if (!pod.netns.empty()) {
    return pod.netns;
  }
  TRY_ASSIGN(const auto now, added(runtime));
  if (now.of(node::LeakClass::netns).size() != 1) {
    return broken("the runtime does not say which network namespace the pod has");
  }
  return now.of(node::LeakClass::netns).front();
}

}  // namespace cni_matrix::scenario
