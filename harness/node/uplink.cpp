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

}  // namespace cni_matrix::node
