#pragma once

#include "equipment/watched_state.hpp"
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/runtime/pod_runtime.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace cni_matrix::scenario {

// The runtime's list. None when the runtime is gone: that it is, the steps say. Error kind: broken.
Expected<std::vector<PodSandbox>> pods_of(PodRuntime& runtime);

// What a scenario has added to its node. Error kinds of its functions: as take_inventory().
class LeftoversWatch {
 public:
  // `lease_roots`: see take_inventory().
  explicit LeftoversWatch(std::vector<std::string> lease_roots)
      : m_lease_roots(std::move(lease_roots)) {}

  // State that is looked after too, and the processes that are the node's own: daemons of its
  // description, which come and go. What both refer to outlives this object.
  void look_after(const std::vector<equipment::WatchedState>& state,
                  std::function<bool(pid_t)> is_own) {
    m_state = &state;
    m_is_own = std::move(is_own);
  }

  // What there is now is the node's own.
  Expected<void> begin();

  Expected<node::Inventory> added(PodRuntime& runtime) const;
  // The same at the end: a process that is on its way out is no leak, nor is the veth of a network
  // namespace that the kernel is still taking apart. They get a moment.
  Expected<node::Inventory> settled(PodRuntime& runtime) const;

  // The network namespace of a pod. Where the runtime does not tell it, the only one that has come.
  Expected<std::string> netns_of(const PodStatus& pod, PodRuntime& runtime) const;

 private:
  [[nodiscard]] Expected<node::Inventory> take() const;

  std::vector<std::string> m_lease_roots;
  const std::vector<equipment::WatchedState>* m_state = nullptr;
  std::function<bool(pid_t)> m_is_own;
  node::Inventory m_before;
};

}  // namespace cni_matrix::scenario
