#include "route_netlink.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <fmt/format.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#include <filesystem>
#include <utility>

#include <net/if.h>
#include <sys/socket.h>

namespace cni_matrix::node {

namespace {

using Address = std::unique_ptr<rtnl_addr, Release<rtnl_addr_put>>;
using Destination = std::unique_ptr<nl_addr, Release<nl_addr_put>>;
using Link = std::unique_ptr<rtnl_link, Release<rtnl_link_put>>;
using Route = std::unique_ptr<rtnl_route, Release<rtnl_route_put>>;

int index_of_link(const std::string& link) {
  return static_cast<int>(::if_nametoindex(link.c_str()));
}

Expected<Destination> parse(const RouteNetlink& netlink, const std::string& text,
                            int family = AF_UNSPEC) {
  nl_addr* parsed = nullptr;
  TRY(netlink.check(nl_addr_parse(text.c_str(), family, &parsed),
                    fmt::format("read the address {}", text)));
  return Destination(parsed);
}

// The address as the kernel takes it, for adding and for deleting.
Expected<Address> make_address(const RouteNetlink& netlink, const std::string& link,
                               const std::string& text) {
  TRY_ASSIGN(const auto local, parse(netlink, text));
  Address address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), index_of_link(link));
  rtnl_addr_set_local(address.get(), local.get());
  rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  return address;
}

Expected<Route> make_route(const RouteNetlink& netlink, const std::string& to,
                           const std::string& gateway, const std::string& link = {}) {
  TRY_ASSIGN(const auto via, parse(netlink, gateway));
  const int family = nl_addr_get_family(via.get());
  TRY_ASSIGN(const auto destination, parse(netlink, to, family));
  Route route(rtnl_route_alloc());
  auto* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_gateway(hop, via.get());
  if (!link.empty()) {
    rtnl_route_nh_set_ifindex(hop, index_of_link(link));
  }
  rtnl_route_add_nexthop(route.get(), hop);
  rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(family));
  rtnl_route_set_dst(route.get(), destination.get());
  return route;
}

}  // namespace

RouteNetlink::RouteNetlink(std::string who) : m_who(std::move(who)), m_socket(nl_socket_alloc()) {}

Expected<RouteNetlink> RouteNetlink::open(std::string who) {
  RouteNetlink netlink(std::move(who));
  TRY(netlink.check(nl_connect(netlink.get(), NETLINK_ROUTE), "open netlink"));
  return netlink;
}

Expected<void> RouteNetlink::check(int result, const std::string& what) const {
  if (result < 0) {
    return broken("{} cannot {}: {}", m_who, what, nl_geterror(result));
  }
  return {};
}

Expected<void> RouteNetlink::add_address(const std::string& link, const std::string& address,
                                         int flags) const {
  TRY_ASSIGN(const auto made, make_address(*this, link, address));
  return check(rtnl_addr_add(get(), made.get(), flags),
               fmt::format("add the address {} to {}", address, link));
}

Expected<void> RouteNetlink::delete_address(const std::string& link,
                                            const std::string& address) const {
  TRY_ASSIGN(const auto made, make_address(*this, link, address));
  return check(rtnl_addr_delete(get(), made.get(), 0), "delete an address");
}

Expected<void> RouteNetlink::add_route(const std::string& to, const std::string& gateway,
                                       const std::string& link, int flags) const {
  TRY_ASSIGN(const auto route, make_route(*this, to, gateway, link));
  return check(rtnl_route_add(get(), route.get(), flags),
               fmt::format("add a route to {} via {}", to, gateway));
}

Expected<void> RouteNetlink::delete_route(const std::string& to, const std::string& gateway) const {
  TRY_ASSIGN(const auto route, make_route(*this, to, gateway));
  return check(rtnl_route_delete(get(), route.get(), 0), "delete a route");
}

Expected<void> RouteNetlink::add_veth(const std::string& name, const std::string& peer,
                                      int peer_namespace) const {
  const Link pair(rtnl_link_veth_alloc());
  rtnl_link_set_name(pair.get(), name.c_str());
  auto* other = rtnl_link_veth_get_peer(pair.get());
  rtnl_link_set_name(other, peer.c_str());
  rtnl_link_set_ns_fd(other, peer_namespace);
  rtnl_link_put(other);
  return check(rtnl_link_add(get(), pair.get(), NLM_F_CREATE | NLM_F_EXCL), "add a veth pair");
}

Expected<void> skip_address_detection(const std::string& link) {
  const auto file = fmt::format("/proc/sys/net/ipv6/conf/{}/accept_dad", link);
  return std::filesystem::exists(file) ? write_file(file, "0")
                                       : Expected<void>();  // absent: no IPv6
}

}  // namespace cni_matrix::node
