#include "network.hpp"

#include "base/file.hpp"

#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#include <filesystem>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

namespace cni_matrix::probe {

namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Netlink = std::unique_ptr<nl_sock, Release<nl_socket_free>>;
using Link = std::unique_ptr<rtnl_link, Release<rtnl_link_put>>;
using Address = std::unique_ptr<rtnl_addr, Release<rtnl_addr_put>>;
using Route = std::unique_ptr<rtnl_route, Release<rtnl_route_put>>;
using Destination = std::unique_ptr<nl_addr, Release<nl_addr_put>>;

constexpr const char* k_far_link = "far";

Expected<void> netlink_result(int error, const std::string& what) {
  if (error < 0) {
    return broken("the probe cannot {}: {}", what, nl_geterror(error));
  }
  return {};
}

Expected<Netlink> connect() {
  Netlink socket(nl_socket_alloc());
  CNI_MATRIX_TRY(netlink_result(nl_connect(socket.get(), NETLINK_ROUTE), "open netlink"));
  return socket;
}

Expected<Destination> parse(const std::string& text, int family = AF_UNSPEC) {
  nl_addr* parsed = nullptr;
  CNI_MATRIX_TRY(
      netlink_result(nl_addr_parse(text.c_str(), family, &parsed), "read the address " + text));
  return Destination(parsed);
}

Expected<Link> find_link(nl_sock* socket, const std::string& name, int index) {
  rtnl_link* link = nullptr;
  const int error =
      rtnl_link_get_kernel(socket, index, name.empty() ? nullptr : name.c_str(), &link);
  CNI_MATRIX_TRY(netlink_result(
      error, name.empty() ? fmt::format("find link {}", index) : "find the link " + name));
  return Link(link);
}

Expected<void> set_up(nl_sock* socket, const std::string& name) {
  CNI_MATRIX_TRY_ASSIGN(const Link link, find_link(socket, name, 0));
  const Link change(rtnl_link_alloc());
  rtnl_link_set_flags(change.get(), IFF_UP);
  return netlink_result(rtnl_link_change(socket, link.get(), change.get(), 0), "set up " + name);
}

// The address as the kernel takes it, for adding and for deleting.
Expected<Address> make_address(const std::string& link, const std::string& text) {
  CNI_MATRIX_TRY_ASSIGN(const auto local, parse(text));
  Address address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), static_cast<int>(::if_nametoindex(link.c_str())));
  rtnl_addr_set_local(address.get(), local.get());
  // Duplicate address detection would keep an IPv6 address tentative for a second.
  rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  return address;
}

Expected<Route> make_route(const std::string& to, const std::string& gateway) {
  CNI_MATRIX_TRY_ASSIGN(const auto via, parse(gateway));
  CNI_MATRIX_TRY_ASSIGN(const auto destination, parse(to, nl_addr_get_family(via.get())));
  Route route(rtnl_route_alloc());
  auto* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_gateway(hop, via.get());
  rtnl_route_add_nexthop(route.get(), hop);
  rtnl_route_set_family(route.get(), static_cast<std::uint8_t>(nl_addr_get_family(via.get())));
  rtnl_route_set_dst(route.get(), destination.get());
  return route;
}

// Our own links are point to point: no need to look for duplicates, which takes up to two seconds.
// Must be written from inside the namespace, before the link is up.
Expected<void> skip_address_detection(const std::string& link) {
  const fs::path file = fs::path("/proc/sys/net/ipv6/conf") / link / "accept_dad";
  return fs::exists(file) ? write_file(file, "0")
                          : Expected<void>();  // absent: a node without IPv6
}

Expected<bool> has_tentative_address(nl_sock* socket) {
  nl_cache* raw = nullptr;
  CNI_MATRIX_TRY(netlink_result(rtnl_addr_alloc_cache(socket, &raw), "list the addresses"));
  const std::unique_ptr<nl_cache, Release<nl_cache_free>> cache(raw);
  for (auto* object = nl_cache_get_first(cache.get()); object != nullptr;
       object = nl_cache_get_next(object)) {
    auto* address = reinterpret_cast<rtnl_addr*>(object);  // NOLINT: libnl's objects
    const auto flags = rtnl_addr_get_flags(address);
    if ((flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_DADFAILED) != 0) {
      continue;
    }
    const auto link = find_link(socket, "", rtnl_addr_get_ifindex(address));
    // A bridge's port has an address, but nothing is sent from it.
    if (link && (rtnl_link_get_flags(link->get()) & IFF_RUNNING) != 0 &&
        rtnl_link_get_master(link->get()) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

Expected<void> in_namespace(const std::string& netns, const std::function<Expected<void>()>& work) {
  if (netns.empty()) {
    return work();
  }
  Expected<void> result;
  std::thread thread([&] {
    const Fd target(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
    result = !target || ::setns(target.get(), CLONE_NEWNET) != 0
                 ? system_error(fmt::format("cannot enter the network namespace {}", netns))
                 : work();
  });
  thread.join();
  return result;
}

Expected<Fd> socket_in(const std::string& netns, int family, int type) {
  Fd made;
  CNI_MATRIX_TRY(in_namespace(netns, [&]() -> Expected<void> {
    made.reset(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made) {
      return system_error("cannot make a socket");
    }
    return {};
  }));
  return made;
}

Expected<LinkState> link_state(const std::string& netns, const std::string& name, int index) {
  LinkState state;
  CNI_MATRIX_TRY(in_namespace(netns, [&]() -> Expected<void> {
    CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
    CNI_MATRIX_TRY_ASSIGN(const auto link, find_link(socket.get(), name, index));
    state.up = (rtnl_link_get_flags(link.get()) & IFF_UP) != 0;
    state.mtu = static_cast<int>(rtnl_link_get_mtu(link.get()));
    state.peer = rtnl_link_get_link(link.get());
    return {};
  }));
  return state;
}

Expected<void> wait_for_addresses(const std::string& netns,
                                  std::chrono::steady_clock::time_point deadline) {
  return in_namespace(netns, [&]() -> Expected<void> {
    CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
    for (;;) {
      CNI_MATRIX_TRY_ASSIGN(const bool waits, has_tentative_address(socket.get()));
      if (!waits || std::chrono::steady_clock::now() >= deadline) {
        return {};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
}

TemporaryNetwork::~TemporaryNetwork() {
  while (!m_undo.empty()) {
    m_undo.back()();
    m_undo.pop_back();
  }
}

Expected<void> TemporaryNetwork::add_address(const std::string& netns, const std::string& link,
                                             const std::string& address) {
  CNI_MATRIX_TRY(in_namespace(netns, [&]() -> Expected<void> {
    CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
    CNI_MATRIX_TRY_ASSIGN(const auto made, make_address(link, address));
    return netlink_result(rtnl_addr_add(socket.get(), made.get(), NLM_F_REPLACE),
                          fmt::format("add the address {} to {}", address, link));
  }));
  m_undo.emplace_back([netns, link, address] {
    (void)in_namespace(netns, [&]() -> Expected<void> {
      CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
      CNI_MATRIX_TRY_ASSIGN(const auto made, make_address(link, address));
      return netlink_result(rtnl_addr_delete(socket.get(), made.get(), 0), "delete an address");
    });
  });
  return {};
}

Expected<void> TemporaryNetwork::add_route(const std::string& netns, const std::string& destination,
                                           const std::string& gateway) {
  CNI_MATRIX_TRY(in_namespace(netns, [&]() -> Expected<void> {
    CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
    CNI_MATRIX_TRY_ASSIGN(const auto route, make_route(destination, gateway));
    return netlink_result(rtnl_route_add(socket.get(), route.get(), NLM_F_REPLACE),
                          fmt::format("add a route to {} via {}", destination, gateway));
  }));
  m_undo.emplace_back([netns, destination, gateway] {
    (void)in_namespace(netns, [&]() -> Expected<void> {
      CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
      CNI_MATRIX_TRY_ASSIGN(const auto route, make_route(destination, gateway));
      return netlink_result(rtnl_route_delete(socket.get(), route.get(), 0), "delete a route");
    });
  });
  return {};
}

Expected<std::string> TemporaryNetwork::add_machine(const std::string& node_link) {
  const Fd node(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!node) {
    return system_error("cannot open the node's network namespace");
  }
  Fd machine;
  Expected<void> made;
  // The namespace begins with a thread that leaves the node's, and lives on by its descriptor.
  std::thread([&] {
    made = [&]() -> Expected<void> {
      if (::unshare(CLONE_NEWNET) != 0) {
        return system_error("cannot make a network namespace for a probe");
      }
      machine.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
      if (!machine) {
        return system_error("cannot open a probe's network namespace");
      }
      CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
      const Link pair(rtnl_link_veth_alloc());
      rtnl_link_set_name(pair.get(), k_far_link);
      auto* peer = rtnl_link_veth_get_peer(pair.get());
      rtnl_link_set_name(peer, node_link.c_str());
      rtnl_link_set_ns_fd(peer, node.get());
      rtnl_link_put(peer);
      CNI_MATRIX_TRY(netlink_result(
          rtnl_link_add(socket.get(), pair.get(), NLM_F_CREATE | NLM_F_EXCL), "add a veth pair"));
      CNI_MATRIX_TRY(skip_address_detection(k_far_link));
      return set_up(socket.get(), k_far_link);
    }();
  }).join();
  CNI_MATRIX_TRY(made);
  // Not left to the end of the namespace, which comes some time after its last descriptor is
  // closed: the link would look like a leak.
  m_undo.emplace_back([node_link] {
    if (const auto socket = connect()) {
      if (const auto link = find_link(socket->get(), node_link, 0)) {
        (void)rtnl_link_delete(socket->get(), link->get());
      }
    }
  });
  CNI_MATRIX_TRY_ASSIGN(const auto socket, connect());
  CNI_MATRIX_TRY(skip_address_detection(node_link));
  CNI_MATRIX_TRY(set_up(socket.get(), node_link));
  const auto path = fmt::format("/proc/self/fd/{}", machine.get());
  m_namespaces.push_back(std::move(machine));
  return path;
}

}  // namespace cni_matrix::probe
