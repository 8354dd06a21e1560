#include "uplink.hpp"

#include "route_netlink.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>

#include <cstring>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

namespace cni_matrix::node {

namespace {

constexpr const char* k_who = "the node's uplink:";

Expected<void> set_up(const char* name) {
  TRY(skip_address_detection(name));
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
    return system_error(fmt::format("the node's uplink: cannot find link {}", name));
  }
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return system_error(fmt::format("the node's uplink: cannot set {} up", name));
  }
  return {};
}

Expected<Fd> open_own_namespace() {
  Fd fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return system_error("cannot open /proc/self/ns/net");
  }
  return fd;
}

Expected<void> keep_outside() {
  if (::mount("/proc/self/ns/net", layout::k_outside, nullptr, MS_BIND, nullptr) != 0) {
    return system_error("cannot keep the outside namespace");
  }
  return {};
}

// Its other end takes the first name that is free.
Expected<void> add_nic_from_outside(const std::string& name, int node) {
  std::string peer = "nic1";
  for (int i = 2; ::if_nametoindex(peer.c_str()) != 0; ++i) {
    peer = fmt::format("nic{}", i);
  }
  TRY_ASSIGN(const auto outside, RouteNetlink::open(k_who));
  TRY(outside.add_veth(peer, name, node));
  return set_up(peer.c_str());
}

}  // namespace

Expected<void> make_uplink() {
  TRY(set_up("lo"));
  TRY_ASSIGN(const Fd node, open_own_namespace());
  if (::unshare(CLONE_NEWNET) != 0) {
    return system_error("cannot make the outside namespace");
  }
  TRY(keep_outside());
  TRY_ASSIGN(const auto outside, RouteNetlink::open(k_who));
  TRY(outside.add_veth("outside", "uplink", node.get()));
  TRY(set_up("lo"));
  TRY(outside.add_address("outside", "192.0.2.1/24"));
  TRY(outside.add_address("outside", "2001:db8:ffff::1/64"));
  TRY(set_up("outside"));
  if (::setns(node.get(), CLONE_NEWNET) != 0) {
    return system_error("cannot go back to the node's namespace");
  }
  TRY_ASSIGN(const auto inside, RouteNetlink::open(k_who));
  TRY(inside.add_address("uplink", "192.0.2.2/24"));
  TRY(inside.add_address("uplink", "2001:db8:ffff::2/64"));
  TRY(set_up("uplink"));
  TRY(inside.add_route("default", "192.0.2.1", "uplink"));
  return inside.add_route("default", "2001:db8:ffff::1", "uplink");
}

Expected<bool> add_nic(const std::string& name) {
  // dev_valid_name() of the kernel.
  const bool can_be = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                      name.find_first_of("/: \t\n\v\f\r") == std::string::npos;
  if (!can_be || ::if_nametoindex(name.c_str()) != 0) {
    return false;
  }
  TRY_ASSIGN(const Fd node, open_own_namespace());
  const Fd outside(::open(layout::k_outside, O_RDONLY | O_CLOEXEC));
  if (!outside || ::setns(outside.get(), CLONE_NEWNET) != 0) {
    return system_error("cannot go to the outside namespace");
  }
  const auto made = add_nic_from_outside(name, node.get());
  if (::setns(node.get(), CLONE_NEWNET) != 0) {
    return system_error("cannot go back to the node's namespace");
  }
  TRY(made);
  TRY(set_up(name.c_str()));
  return true;
}

}  // namespace cni_matrix::node
