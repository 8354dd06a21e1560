#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

// What probes need in network namespaces. A namespace is named by the path of its file; an empty
// path is the caller's own, the node's. Errors are of kind broken.
namespace cni_matrix::probe {

// Run `work` in the namespace, on a thread of its own: the caller stays where it is.
Expected<void> in_namespace(const std::string& netns, const std::function<Expected<void>()>& work);

// A non-blocking socket of the namespace, wherever it is used.
Expected<Fd> socket_in(const std::string& netns, int family, int type);

struct LinkState {
  bool up = false;
  int mtu = 0;
  int peer =
      0;  // index of the link at the other end (veth) or below (macvlan), 0 when there is none
};
// By name, or by index when the name is empty.
Expected<LinkState> link_state(const std::string& netns, const std::string& name, int index = 0);

// Wait until every IPv6 address on a link with carrier has passed duplicate address detection, or
// the deadline. Until then the kernel does not use it (RFC 4862 section 5.4), and a router without
// a link-local address asks for no neighbour.
Expected<void> wait_for_addresses(const std::string& netns,
                                  std::chrono::steady_clock::time_point deadline);

// Changes to the node's surroundings, taken back in reverse order at the end of this object's life.
class TemporaryNetwork {
 public:
  TemporaryNetwork() = default;
  TemporaryNetwork(const TemporaryNetwork&) = delete;
  TemporaryNetwork& operator=(const TemporaryNetwork&) = delete;
  ~TemporaryNetwork();

  // "203.0.113.1/32"
  Expected<void> add_address(const std::string& netns, const std::string& link,
                             const std::string& address);
  // A route like this one that is there already is replaced, and goes too.
  Expected<void> add_route(const std::string& netns, const std::string& destination,
                           const std::string& gateway);
  // A further machine beside the node: a new namespace, whose link "far" is joined by a veth pair
  // to `node_link` on the node, both up. Returns the namespace's path, good as long as this object.
  Expected<std::string> add_machine(const std::string& node_link);

 private:
  std::vector<std::function<void()>> m_undo;
  std::vector<Fd> m_namespaces;
};

}  // namespace cni_matrix::probe
