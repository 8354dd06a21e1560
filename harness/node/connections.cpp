#include "addresses.hpp"
#include "netlink.hpp"
#include "network_state.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

namespace cni_matrix::node {

namespace {

struct Side {
  std::string address;
  std::uint16_t port = 0;
};

struct Tuple {
  Side from;
  Side to;
  std::uint8_t protocol = 0;
};

std::string address_of(std::string_view addresses, std::uint16_t v4, std::uint16_t v6) {
  const auto bytes = attribute(addresses, v4);
  return address_text(bytes.empty() ? attribute(addresses, v6) : bytes);
}

Tuple tuple_of(std::string_view attributes, std::uint16_t type) {
  const auto tuple = attribute(attributes, type);
  const auto addresses = attribute(tuple, CTA_TUPLE_IP);
  const auto ports = attribute(tuple, CTA_TUPLE_PROTO);
  const auto port = [&](std::uint16_t key) {
    return ntohs(number_attribute<std::uint16_t>(ports, key));
  };
  return {{address_of(addresses, CTA_IP_V4_SRC, CTA_IP_V6_SRC), port(CTA_PROTO_SRC_PORT)},
          {address_of(addresses, CTA_IP_V4_DST, CTA_IP_V6_DST), port(CTA_PROTO_DST_PORT)},
          number_attribute<std::uint8_t>(ports, CTA_PROTO_NUM)};
}

// Addresses that no pod has: the uplink's (uplink.hpp), those that the probe of the data plane puts
// on the outside (scenario/data_plane.cpp), and the node's with itself.
bool is_outer(const std::string& address) {
  constexpr std::array<std::string_view, 6> k_outer = {
      "192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:fff", "127.", "::ffff:127."};
  return address == "::1" ||
         std::any_of(k_outer.begin(), k_outer.end(),
                     [&](std::string_view prefix) { return address.starts_with(prefix); });
}

// What links tell their neighbours (IGMP, MLD), pods or not.
bool is_of_the_link(const std::string& address) {
  return address.starts_with("224.") || address.starts_with("239.") || address.starts_with("ff") ||
         address.starts_with("fe80:");
}

// As against the daemon's and our own connections.
bool is_a_pods(const Tuple& original, const Tuple& reply) {
  return !is_of_the_link(original.to.address) &&
         (!is_outer(original.from.address) || !is_outer(reply.from.address));
}

std::string protocol_text(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_ICMP:
      return "icmp";
    case IPPROTO_ICMPV6:
      return "icmpv6";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

std::string side_text(const Side& side) {
  const bool v6 = side.address.find(':') != std::string::npos;
  return side.port == 0
             ? side.address
             : fmt::format("{}{}{}:{}", v6 ? "[" : "", side.address, v6 ? "]" : "", side.port);
}

}  // namespace

void list_connections(Inventory& inventory) {
  // Asking ctnetlink first would make the kernel load its module.
  const auto count = read_file("/proc/sys/net/netfilter/nf_conntrack_count", 64);
  if (!count || trim(*count) == "0") {
    return;
  }
  Netlink netlink(NETLINK_NETFILTER);
  nfgenmsg request{};
  request.version = NFNETLINK_V0;
  constexpr std::uint16_t k_get = (NFNL_SUBSYS_CTNETLINK << 8U) | IPCTNL_MSG_CT_GET;
  netlink.dump(k_get, bytes_of(request), [&](const nlmsghdr& message) {
    const auto attributes = attributes_of<nfgenmsg>(message);
    const auto original = tuple_of(attributes, CTA_TUPLE_ORIG);
    const auto reply = tuple_of(attributes, CTA_TUPLE_REPLY);
    if (!is_a_pods(original, reply)) {
      return;
    }
    auto text = fmt::format("{} {} -> {}", protocol_text(original.protocol),
                            side_text(original.from), side_text(original.to));
    if (original.to.address != reply.from.address || original.to.port != reply.from.port) {
      text += fmt::format(" at {}", side_text(reply.from));
    }
    if (original.protocol == IPPROTO_TCP) {
      const auto state = number_attribute<std::uint8_t>(
          attribute(attribute(attributes, CTA_PROTOINFO), CTA_PROTOINFO_TCP),
          CTA_PROTOINFO_TCP_STATE);
      // The kernel forgets the others by itself within two minutes.
      text += state == TCP_CONNTRACK_ESTABLISHED ? " established" : " passing";
    }
    inventory.add(LeakClass::conntrack, std::move(text));
  });
  std::ranges::sort(inventory.of(LeakClass::conntrack));
}

}  // namespace cni_matrix::node
