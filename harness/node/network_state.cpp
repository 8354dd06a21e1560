#include "network_state.hpp"

#include "addresses.hpp"
#include "netlink.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace cni_matrix::node {

namespace {

using Names = std::map<std::uint32_t, std::string>;  // of links, by index

constexpr std::string_view k_uplink = "uplink";
constexpr std::uint32_t k_skip_statistics = 8;  // RTEXT_FILTER_SKIP_STATS

// DEVCONF of a link, which its messages carry (IFLA_INET_CONF), so no file is read for it.
bool routes_localnet(std::string_view attributes) {
  const auto values =
      attribute(attribute(attribute(attributes, IFLA_AF_SPEC), AF_INET), IFLA_INET_CONF);
  constexpr std::size_t k_offset = (IPV4_DEVCONF_ROUTE_LOCALNET - 1) * sizeof(std::uint32_t);
  std::uint32_t value = 0;
  if (values.size() >= k_offset + sizeof value) {
    std::memcpy(&value, values.data() + k_offset, sizeof value);
  }
  return value != 0;
}

bool list_links(Netlink& netlink, Inventory& inventory, Names& names) {
  struct {
    ifinfomsg header;
    nlattr filter;
    std::uint32_t mask;
  } request{};
  request.filter = {sizeof(nlattr) + sizeof(std::uint32_t), IFLA_EXT_MASK};
  request.mask = k_skip_statistics;
  return netlink.dump(RTM_GETLINK, bytes_of(request), [&](const nlmsghdr& message) {
    const auto header = header_of<ifinfomsg>(message);
    const auto attributes = attributes_of<ifinfomsg>(message);
    const std::string name(text_attribute(attributes, IFLA_IFNAME));
    names[static_cast<std::uint32_t>(header.ifi_index)] = name;
    const auto kind = text_attribute(attribute(attributes, IFLA_LINKINFO), IFLA_INFO_KIND);
    if (kind == "veth") {
      if (name != k_uplink) {
        inventory.add(LeakClass::veth, name);
      }
    } else {
      inventory.add(LeakClass::link, kind.empty() ? name : fmt::format("{} ({})", name, kind));
    }
    if (routes_localnet(attributes)) {
      inventory.add(LeakClass::sysctl, fmt::format("net.ipv4.conf.{}.route_localnet=1", name));
    }
  });
}

std::string link_of(const Names& names, std::uint32_t index) {
  const auto found = names.find(index);
  return found == names.end() ? fmt::format("if{}", index) : found->second;
}

std::string_view type_of_route(unsigned char type) {
  switch (type) {
    case RTN_BLACKHOLE:
      return "blackhole ";
    case RTN_UNREACHABLE:
      return "unreachable ";
    case RTN_PROHIBIT:
      return "prohibit ";
    default:
      return "";
  }
}

std::string_view command_of(unsigned char family) {
  return family == AF_INET6 ? "ip6" : "ip";
}

std::string with_length(std::string_view address, unsigned length) {
  const auto whole = address.size() * 8;
  return length == whole ? address_text(address)
                         : fmt::format("{}/{}", address_text(address), length);
}

bool list_routes(Netlink& netlink, const Names& names, Inventory& inventory) {
  const rtmsg request{};
  return netlink.dump(RTM_GETROUTE, bytes_of(request), [&](const nlmsghdr& message) {
    const auto header = header_of<rtmsg>(message);
    const auto attributes = attributes_of<rtmsg>(message);
    // Routes of the kernel go with the address or the link that they belong to.
    if ((header.rtm_family != AF_INET && header.rtm_family != AF_INET6) ||
        header.rtm_protocol == RTPROT_KERNEL || header.rtm_protocol == RTPROT_RA ||
        header.rtm_type == RTN_LOCAL || (header.rtm_flags & RTM_F_CLONED) != 0) {
      return;
    }
    const auto to = attribute(attributes, RTA_DST);
    auto text =
        fmt::format("{} route {}{}", command_of(header.rtm_family), type_of_route(header.rtm_type),
                    to.empty() ? "default" : with_length(to, header.rtm_dst_len));
    if (const auto via = attribute(attributes, RTA_GATEWAY); !via.empty()) {
      text += " via " + address_text(via);
    }
    if (const auto index = number_attribute<std::uint32_t>(attributes, RTA_OIF); index != 0) {
      text += " dev " + link_of(names, index);
    }
    if (const auto table = number_attribute<std::uint32_t>(attributes, RTA_TABLE);
        table != RT_TABLE_MAIN) {
      text += fmt::format(" table {}", table);
    }
    inventory.add(LeakClass::route, std::move(text));
  });
}

bool list_rules(Netlink& netlink, Inventory& inventory) {
  const rtmsg request{};
  return netlink.dump(RTM_GETRULE, bytes_of(request), [&](const nlmsghdr& message) {
    const auto header = header_of<fib_rule_hdr>(message);
    if (header.family != AF_INET && header.family != AF_INET6) {
      return;
    }
    const auto attributes = attributes_of<fib_rule_hdr>(message);
    auto text = fmt::format("{} rule priority {}", command_of(header.family),
                            number_attribute<std::uint32_t>(attributes, FRA_PRIORITY));
    if (const auto from = attribute(attributes, FRA_SRC); !from.empty()) {
      text += " from " + with_length(from, header.src_len);
    }
    if (const auto to = attribute(attributes, FRA_DST); !to.empty()) {
      text += " to " + with_length(to, header.dst_len);
    }
    if (const auto link = text_attribute(attributes, FRA_IIFNAME); !link.empty()) {
      text += fmt::format(" iif {}", link);
    }
    text += fmt::format(" table {}", number_attribute<std::uint32_t>(attributes, FRA_TABLE));
    inventory.add(LeakClass::route, std::move(text));
  });
}

// Neighbours that somebody set: the ones that the kernel learnt are a cache and expire.
bool list_neighbours(Netlink& netlink, const Names& names, bool proxy, Inventory& inventory) {
  ndmsg request{};
  request.ndm_flags = proxy ? NTF_PROXY : 0;
  return netlink.dump(RTM_GETNEIGH, bytes_of(request), [&](const nlmsghdr& message) {
    const auto header = header_of<ndmsg>(message);
    if ((header.ndm_family != AF_INET && header.ndm_family != AF_INET6) ||
        (!proxy && (header.ndm_state & NUD_PERMANENT) == 0)) {
      return;
    }
    const auto attributes = attributes_of<ndmsg>(message);
    inventory.add(LeakClass::route,
                  fmt::format("{} neighbour {}{} dev {}", command_of(header.ndm_family),
                              proxy ? "proxy " : "", address_text(attribute(attributes, NDA_DST)),
                              link_of(names, static_cast<std::uint32_t>(header.ndm_ifindex))));
  });
}

void list_sysctls(Inventory& inventory) {
  // What plugins set for the whole node (pkg/ip.EnableForward, portmap). Off counts too, so that a
  // change to it shows.
  for (const std::string_view name :
       {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/route_localnet",
        "net/ipv4/conf/default/route_localnet"}) {
    if (const auto value = read_file(std::string("/proc/sys/").append(name), 64)) {
      auto key = std::string(name);
      std::replace(key.begin(), key.end(), '/', '.');
      inventory.add(LeakClass::sysctl, fmt::format("{}={}", key, trim(*value)));
    }
  }
}

}  // namespace

Expected<void> list_network(Inventory& inventory) {
  Netlink netlink(NETLINK_ROUTE);
  Names names;
  if (!list_links(netlink, inventory, names)) {
    return broken("cannot list links over netlink");
  }
  std::ranges::sort(inventory.of(LeakClass::veth));
  std::ranges::sort(inventory.of(LeakClass::link));
  if (!list_routes(netlink, names, inventory)) {
    return broken("cannot list routes over netlink");
  }
  // Kernels may be built without rules and without IPv6's part of the rest.
  list_rules(netlink, inventory);
  list_neighbours(netlink, names, false, inventory);
  list_neighbours(netlink, names, true, inventory);
  std::ranges::sort(inventory.of(LeakClass::route));
  list_sysctls(inventory);
  std::ranges::sort(inventory.of(LeakClass::sysctl));
  return {};
}

}  // namespace cni_matrix::node
