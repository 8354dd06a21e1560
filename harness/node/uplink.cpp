#include "uplink.hpp"

#include "base/file.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/fd.hpp>

#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

namespace cni_matrix::node {

namespace {

Expected<void> netlink_result(int error, const char* what) {
  if (error < 0) {
    return broken("the node's uplink: cannot {}: {}", what, nl_geterror(error));
  }
  return {};
}

template <auto Free>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Socket = std::unique_ptr<nl_sock, Release<nl_socket_free>>;
using Link = std::unique_ptr<rtnl_link, Release<rtnl_link_put>>;
using Address = std::unique_ptr<rtnl_addr, Release<rtnl_addr_put>>;
using Destination = std::unique_ptr<nl_addr, Release<nl_addr_put>>;

Expected<Socket> connect() {
  Socket socket(nl_socket_alloc());
  CNI_MATRIX_TRY(netlink_result(nl_connect(socket.get(), NETLINK_ROUTE), "open netlink"));
  return socket;
}

Expected<void> set_up(const char* name) {
  // Duplicate address detection would keep its link-local address from use for up to two seconds.
  const auto detection = fmt::format("/proc/sys/net/ipv6/conf/{}/accept_dad", name);
  if (std::filesystem::exists(detection)) {  // not so on a host without IPv6
    CNI_MATRIX_TRY(write_file(detection, "0"));
  }
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

Expected<void> add_address(nl_sock* socket, const char* link, const char* text) {
  nl_addr* parsed = nullptr;
  CNI_MATRIX_TRY(netlink_result(nl_addr_parse(text, AF_UNSPEC, &parsed), "read an address"));
  const Destination local(parsed);
  const Address address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), static_cast<int>(::if_nametoindex(link)));
  rtnl_addr_set_local(address.get(), local.get());
  // Duplicate address detection would keep an IPv6 address tentative for a second.
  rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  return netlink_result(rtnl_addr_add(socket, address.get(), 0), "add an address");
}

Expected<void> add_default_route(nl_sock* socket, const char* link, const char* gateway) {
  nl_addr* parsed = nullptr;
  CNI_MATRIX_TRY(netlink_result(nl_addr_parse(gateway, AF_UNSPEC, &parsed), "read a gateway"));
  const Destination via(parsed);
  nl_addr* any = nullptr;
  CNI_MATRIX_TRY(netlink_result(nl_addr_parse("default", nl_addr_get_family(via.get()), &any),
                                "read a destination"));
  const Destination destination(any);
  const std::unique_ptr<rtnl_route, Release<rtnl_route_put>> route(rtnl_route_alloc());
  auto* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_gateway(hop, via.get());
  rtnl_route_nh_set_ifindex(hop, static_cast<int>(::if_nametoindex(link)));
  rtnl_route_add_nexthop(route.get(), hop);
  rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(nl_addr_get_family(via.get())));
  rtnl_route_set_dst(route.get(), destination.get());
  return netlink_result(rtnl_route_add(socket, route.get(), 0), "add the default route");
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
  CNI_MATRIX_TRY(set_up("lo"));
  CNI_MATRIX_TRY_ASSIGN(const Fd node, open_own_namespace());
  if (::unshare(CLONE_NEWNET) != 0) {
    return system_error("cannot make the outside namespace");
  }
  CNI_MATRIX_TRY(keep_outside());
  CNI_MATRIX_TRY_ASSIGN(const auto outside, connect());
  const Link pair(rtnl_link_veth_alloc());
  rtnl_link_set_name(pair.get(), "outside");
  auto* peer = rtnl_link_veth_get_peer(pair.get());
  rtnl_link_set_name(peer, "uplink");
  rtnl_link_set_ns_fd(peer, node.get());
  rtnl_link_put(peer);
  CNI_MATRIX_TRY(netlink_result(rtnl_link_add(outside.get(), pair.get(), NLM_F_CREATE | NLM_F_EXCL),
                                "add a veth pair"));
  CNI_MATRIX_TRY(set_up("lo"));
  CNI_MATRIX_TRY(add_address(outside.get(), "outside", "192.0.2.1/24"));
  CNI_MATRIX_TRY(add_address(outside.get(), "outside", "2001:db8:ffff::1/64"));
  CNI_MATRIX_TRY(set_up("outside"));
  if (::setns(node.get(), CLONE_NEWNET) != 0) {
    return system_error("cannot go back to the node's namespace");
  }
  CNI_MATRIX_TRY_ASSIGN(const auto inside, connect());
  CNI_MATRIX_TRY(add_address(inside.get(), "uplink", "192.0.2.2/24"));
  CNI_MATRIX_TRY(add_address(inside.get(), "uplink", "2001:db8:ffff::2/64"));
  CNI_MATRIX_TRY(set_up("uplink"));
  CNI_MATRIX_TRY(add_default_route(inside.get(), "uplink", "192.0.2.1"));
  return add_default_route(inside.get(), "uplink", "2001:db8:ffff::1");
}

}  // namespace cni_matrix::node
