#include "network.hpp"

#include "base/try.hpp"
#include "node/route_netlink.hpp"

#include <fmt/format.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>

#include <memory>
#include <thread>

#include <fcntl.h>
#include <linux/if.h>
#include <sched.h>
#include <sys/socket.h>

namespace cni_matrix::probe {

namespace {

using node::Release;
using node::RouteNetlink;
using node::skip_address_detection;
using Link = std::unique_ptr<rtnl_link, Release<rtnl_link_put>>;

constexpr const char* k_far_link = "far";
constexpr std::chrono::milliseconds k_carrier_limit{2'000};

Expected<RouteNetlink> connect() {
  return RouteNetlink::open("the probe");
}

Expected<Link> find_link(const RouteNetlink& netlink, const std::string& name, int index) {
  rtnl_link* link = nullptr;
  const int error =
      rtnl_link_get_kernel(netlink.get(), index, name.empty() ? nullptr : name.c_str(), &link);
  TRY(netlink.check(error,
                    name.empty() ? fmt::format("find link {}", index) : "find the link " + name));
  return Link(link);
}

Expected<void> set_up(const RouteNetlink& netlink, const std::string& name) {
  TRY_ASSIGN(const Link link, find_link(netlink, name, 0));
  const Link change(rtnl_link_alloc());
  rtnl_link_set_flags(change.get(), IFF_UP);
  return netlink.check(rtnl_link_change(netlink.get(), link.get(), change.get(), 0),
                       "set up " + name);
}

// Until the kernel's work queue has seen the carrier, a link that is set up drops what is sent.
Expected<void> wait_for_carrier(const RouteNetlink& netlink, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + k_carrier_limit;
  for (;;) {
    TRY_ASSIGN(const auto link, find_link(netlink, name, 0));
    if (rtnl_link_get_operstate(link.get()) == IF_OPER_UP ||
        std::chrono::steady_clock::now() >= deadline) {
      return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Expected<bool> has_tentative_address(const RouteNetlink& netlink) {
  nl_cache* raw = nullptr;
  TRY(netlink.check(rtnl_addr_alloc_cache(netlink.get(), &raw), "list the addresses"));
  const std::unique_ptr<nl_cache, Release<nl_cache_free>> cache(raw);
  for (auto* object = nl_cache_get_first(cache.get()); object != nullptr;
       object = nl_cache_get_next(object)) {
    auto* address = reinterpret_cast<rtnl_addr*>(object);  // NOLINT: libnl's objects
    const auto flags = rtnl_addr_get_flags(address);
    if ((flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_DADFAILED) != 0) {
      continue;
    }
    const auto link = find_link(netlink, "", rtnl_addr_get_ifindex(address));
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
  TRY(in_namespace(netns, [&]() -> Expected<void> {
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
  TRY(in_namespace(netns, [&]() -> Expected<void> {
    TRY_ASSIGN(const auto netlink, connect());
    TRY_ASSIGN(const auto link, find_link(netlink, name, index));
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
    TRY_ASSIGN(const auto netlink, connect());
    for (;;) {
      TRY_ASSIGN(const bool waits, has_tentative_address(netlink));
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
  TRY(in_namespace(netns, [&]() -> Expected<void> {
    TRY_ASSIGN(const auto netlink, connect());
    return netlink.add_address(link, address, NLM_F_REPLACE);
  }));
  m_undo.emplace_back([netns, link, address] {
    (void)in_namespace(netns, [&]() -> Expected<void> {
      TRY_ASSIGN(const auto netlink, connect());
      return netlink.delete_address(link, address);
    });
  });
  return {};
}

Expected<void> TemporaryNetwork::add_route(const std::string& netns, const std::string& destination,
                                           const std::string& gateway) {
  TRY(in_namespace(netns, [&]() -> Expected<void> {
    TRY_ASSIGN(const auto netlink, connect());
    return netlink.add_route(destination, gateway, "", NLM_F_REPLACE);
  }));
  m_undo.emplace_back([netns, destination, gateway] {
    (void)in_namespace(netns, [&]() -> Expected<void> {
      TRY_ASSIGN(const auto netlink, connect());
      return netlink.delete_route(destination, gateway);
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
      TRY_ASSIGN(const auto netlink, connect());
      TRY(netlink.add_veth(k_far_link, node_link, node.get()));
      TRY(skip_address_detection(k_far_link));
      return set_up(netlink, k_far_link);
    }();
  }).join();
  TRY(made);
  // Not left to the end of the namespace, which comes some time after its last descriptor is
  // closed: the link would look like a leak.
  m_undo.emplace_back([node_link] {
    if (const auto netlink = connect()) {
      if (const auto link = find_link(*netlink, node_link, 0)) {
        (void)rtnl_link_delete(netlink->get(), link->get());
      }
    }
  });
  TRY_ASSIGN(const auto netlink, connect());
  TRY(skip_address_detection(node_link));
  TRY(set_up(netlink, node_link));
  TRY(wait_for_carrier(netlink, node_link));
  const auto path = fmt::format("/proc/self/fd/{}", machine.get());
  TRY(in_namespace(path, []() -> Expected<void> {
    TRY_ASSIGN(const auto far, connect());
    return wait_for_carrier(far, k_far_link);
  }));
  m_namespaces.push_back(std::move(machine));
  return path;
}

}  // namespace cni_matrix::probe
