#include "data_plane.hpp"

#include "exchange.hpp"
#include "network.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace cni_matrix::probe {

namespace {

using layout::k_outside;
using Clock = std::chrono::steady_clock;
using Results = Expected<std::vector<ProbeResult>>;

constexpr const char* k_outside_link = "outside";
constexpr const char* k_far_link = "probe0";  // on the node

constexpr std::chrono::milliseconds k_address_limit{3'000};

struct Family {
  int number;
  const char* name;
  const char* node;
  const char* outside;
  // For host-port-not-captured: a second machine on the outside, and one on the node's other side.
  const char* second;
  const char* far;
  const char* far_gateway;
  const char* loopback;
  const char* host;  // prefix of a single address
  const char* far_prefix;
  const char* any;
};

constexpr std::array k_families = {
    Family{AF_INET, "ipv4", "192.0.2.2", "192.0.2.1", "203.0.113.1", "198.51.100.2", "198.51.100.1",
           "127.0.0.1", "/32", "/30", "0.0.0.0"},
    Family{AF_INET6, "ipv6", "2001:db8:ffff::2", "2001:db8:ffff::1", "2001:db8:fffe::1",
           "2001:db8:fffd::2", "2001:db8:fffd::1", "::1", "/128", "/64", "::"}};

const char* name_of(Transport transport) {
  return transport == Transport::tcp ? "tcp" : "udp";
}

// A side of a conversation for the sentence: "the node".
struct Side {
  std::string name;
  std::string netns;
};

// Published on the node's loopback only: nothing for the outside.
bool is_local(const PortMapping& mapping) {
  return mapping.host_ip.starts_with("127.") || mapping.host_ip == "::1";
}

class Prober {
 public:
  Prober(const ProbeTarget& pod, const ProbeTarget* other, std::chrono::milliseconds limit)
      : m_pod(pod), m_other(other), m_limit(limit) {}

  Results loopback() {
    m_probe = "loopback";
    const auto begin = Clock::now();
    TRY_ASSIGN(const auto lo, link_state(m_pod.netns, "lo"));
    if (!lo.up) {
      note("", false, "lo is down in the pod", begin);
      return std::move(m_results);
    }
    return for_each_family([&](const Family& family, const std::string& /*ip*/) {
      return converse(family, {"the pod", m_pod.netns}, {"itself", m_pod.netns}, family.loopback);
    });
  }

  Results mtu() {
    m_probe = "mtu";
    const auto begin = Clock::now();
    TRY_ASSIGN(const auto link, link_state(m_pod.netns, "eth0"));
    int wanted = m_pod.mtu;
    std::string whose = "which is not what it should be";
    if (wanted == 0) {
      if (link.peer == 0) {
        return input_error("the probe mtu needs the wanted MTU: the pod's eth0 has no peer");
      }
      TRY_ASSIGN(const auto peer, link_state("", "", link.peer));
      wanted = peer.mtu;
      whose = "and its peer on the node another";
    }
    const bool ok = link.mtu == wanted;
    note("", ok,
         ok ? fmt::format("eth0 has MTU {}", link.mtu)
            : fmt::format("eth0 has MTU {}, {}: {}", link.mtu, whose, wanted),
         begin);
    return std::move(m_results);
  }

  Results node_to_pod() {
    m_probe = "node-to-pod";
    return for_each_family([&](const Family& family, const std::string& ip) {
      return converse(family, {"the node", ""}, {"the pod", m_pod.netns}, ip);
    });
  }

  Results pod_to_node() {
    m_probe = "pod-to-node";
    return for_each_family([&](const Family& family, const std::string& /*ip*/) {
      return converse(family, {"the pod", m_pod.netns}, {"the node", ""}, family.node);
    });
  }

  Results pod_to_pod() {
    m_probe = "pod-to-pod";
    if (m_other == nullptr) {
      return input_error("the probe pod-to-pod needs a second pod");
    }
    return for_each_family([&](const Family& family, const std::string& /*ip*/) -> Expected<void> {
      for (const auto& ip : m_other->ips) {
        TRY_ASSIGN(const auto endpoint, Endpoint::parse(ip, 0));
        if (endpoint.family() == family.number) {
          TRY(converse(family, {"the pod", m_pod.netns}, {"the other pod", m_other->netns}, ip));
        }
      }
      return {};
    });
  }

  Results outside_to_host_port() {
    m_probe = "outside-to-host-port";
    return for_each_mapping([&](const Family& family, const PortMapping& mapping,
                                const Server& server) -> Expected<void> {
      const auto to = host_address(family, mapping);
      if (!to || is_local(mapping)) {
        return {};
      }
      return to_host_port(family, {"the outside", k_outside}, *to, mapping, server);
    });
  }

  Results loopback_to_host_port() {
    m_probe = "loopback-to-host-port";
    return for_each_mapping([&](const Family& family, const PortMapping& mapping,
                                const Server& server) -> Expected<void> {
      const auto to = host_address(family, mapping);
      // For IPv6 there is no route_localnet, so portmap does without.
      if (family.number != AF_INET || !to || (*to != family.node && !is_local(mapping))) {
        return {};
      }
      return to_host_port(family, {"the node", ""}, family.loopback, mapping, server);
    });
  }

  Results host_port_not_captured() {
    m_probe = "host-port-not-captured";
    return for_each_mapping([&](const Family& family, const PortMapping& mapping,
                                const Server& pod) -> Expected<void> {
      TemporaryNetwork network;
      TRY(network.add_address(k_outside, k_outside_link,
                              fmt::format("{}{}", family.second, family.host)));
      TRY_ASSIGN(const auto machine, network.add_machine(k_far_link));
      TRY(network.add_address("", k_far_link,
                              fmt::format("{}{}", family.far_gateway, family.far_prefix)));
      TRY(network.add_address(machine, "far", fmt::format("{}{}", family.far, family.far_prefix)));
      TRY(network.add_route(machine, "default", family.far_gateway));
      TRY(network.add_route(k_outside, fmt::format("{}{}", family.far, family.host), family.node));
      TRY_ASSIGN(const auto server, Server::listen(k_outside, pod.transport(), family.second,
                                                   static_cast<std::uint16_t>(mapping.host_port)));
      TRY(not_captured(family, {"the node", ""}, server, pod));
      return not_captured(family, {"through the node", machine}, server, pod);
    });
  }

  Results masquerade() {
    m_probe = "masquerade";
    return for_each_family([&](const Family& family, const std::string& ip) -> Expected<void> {
      const auto begin = Clock::now();
      // Without it an unmasqueraded packet would only look lost: the outside could not answer.
      TemporaryNetwork network;
      TRY_ASSIGN(const auto pod, Endpoint::parse(ip, 0));
      TRY(network.add_route(k_outside, pod.address() + family.host, family.node));
      TRY_ASSIGN(const auto server, Server::listen(k_outside, Transport::tcp, family.outside, 0));
      TRY_ASSIGN(const auto seen,
                 exchange(m_pod.netns, Transport::tcp, server.endpoint(), {&server}, m_limit));
      auto saw = fmt::format("the pod to {}/tcp: {}", server.endpoint().str(), seen.saw);
      if (seen.reached != nullptr) {
        saw += seen.source == family.node ? fmt::format(", seen as the node's {}", seen.source)
                                          : fmt::format(
                                                ", wrong source address {} and not the "
                                                "node's {}",
                                                seen.source, family.node);
      }
      note(family.name, seen.answered && seen.source == family.node, std::move(saw), begin);
      return {};
    });
  }

 private:
  void note(const char* family, bool ok, std::string saw, Clock::time_point begin) {
    const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
    m_results.push_back({m_probe, family, ok, std::move(saw), wall.count()});
  }

  // visit(family, ip) for each address of the pod.
  template <typename Visit>
  Results for_each_family(const Visit& visit) {
    if (m_pod.ips.empty()) {
      return input_error("the probe {} needs an address of the pod, and the runtime reports none",
                         m_probe);
    }
    for (const auto& ip : m_pod.ips) {
      TRY_ASSIGN(const auto endpoint, Endpoint::parse(ip, 0));
      const auto& family = endpoint.family() == AF_INET ? k_families[0] : k_families[1];
      TRY(visit(family, ip));
    }
    return std::move(m_results);
  }

  // visit(family, mapping, server): `server` listens in the pod where the mapping leads.
  template <typename Visit>
  Results for_each_mapping(const Visit& visit) {
    auto done = for_each_family([&](const Family& family, const std::string& ip) -> Expected<void> {
      for (const auto& mapping : m_pod.port_mappings) {
        if (mapping.host_port != 0) {
          TRY_ASSIGN(const auto server,
                     Server::listen(m_pod.netns,
                                    mapping.protocol == "udp" ? Transport::udp : Transport::tcp, ip,
                                    static_cast<std::uint16_t>(mapping.container_port)));
          TRY(visit(family, mapping, server));
        }
      }
      return {};
    });
    if (done && done->empty()) {
      return input_error("the probe {} needs a host port of the pod's that it can try", m_probe);
    }
    return done;
  }

  // Where the mapping can be reached: the node's uplink address unless it names one. Nothing when
  // that is of the other family.
  static std::optional<std::string> host_address(const Family& family, const PortMapping& mapping) {
    if (mapping.host_ip.empty() || mapping.host_ip == family.any) {
      return family.node;
    }
    const auto named = Endpoint::parse(mapping.host_ip, 0);
    return named && named->family() == family.number ? std::optional(mapping.host_ip)
                                                     : std::nullopt;
  }

  // A free port is taken: nothing but the way there is looked at.
  Expected<void> converse(const Family& family, const Side& from, const Side& side,
                          const std::string& address) {
    const auto begin = Clock::now();
    TRY_ASSIGN(const auto server, Server::listen(side.netns, Transport::tcp, address, 0));
    TRY_ASSIGN(const auto seen,
               exchange(from.netns, Transport::tcp, server.endpoint(), {&server}, m_limit));
    note(
        family.name, seen.answered,
        fmt::format("{} to {} {}/tcp: {}", from.name, side.name, server.endpoint().str(), seen.saw),
        begin);
    return {};
  }

  Expected<void> to_host_port(const Family& family, const Side& from, const std::string& address,
                              const PortMapping& mapping, const Server& server) {
    const auto begin = Clock::now();
    TRY_ASSIGN(const auto to,
               Endpoint::parse(address, static_cast<std::uint16_t>(mapping.host_port)));
    TRY_ASSIGN(const auto seen, exchange(from.netns, server.transport(), to, {&server}, m_limit));
    note(family.name, seen.answered,
         fmt::format("{} to {}/{}, the pod's port {}: {}{}", from.name, to.str(),
                     name_of(server.transport()), mapping.container_port, seen.saw,
                     seen.reached != nullptr && !seen.answered
                         ? fmt::format(", though the pod was reached from {}", seen.source)
                         : ""),
         begin);
    return {};
  }

  Expected<void> not_captured(const Family& family, const Side& from, const Server& server,
                              const Server& pod) {
    const auto begin = Clock::now();
    TRY_ASSIGN(const auto seen, exchange(from.netns, server.transport(), server.endpoint(),
                                         {&server, &pod}, m_limit));
    const bool captured = seen.reached == &pod;
    std::string where = "neither there nor in the pod";
    if (seen.reached != nullptr) {
      where = captured ? "captured: it landed in the pod" : "landed there and not in the pod";
    }
    note(family.name, !captured,
         fmt::format("{} to {}/{}: {}, {}", from.name, server.endpoint().str(),
                     name_of(server.transport()), seen.saw, where),
         begin);
    return {};
  }

  const ProbeTarget& m_pod;
  const ProbeTarget* m_other;
  std::chrono::milliseconds m_limit;
  std::string m_probe;
  std::vector<ProbeResult> m_results;
};

struct Probe {
  const char* name;
  Results (Prober::*run)();
};

constexpr std::array k_probes = {Probe{"loopback", &Prober::loopback},
                                 Probe{"mtu", &Prober::mtu},
                                 Probe{"node-to-pod", &Prober::node_to_pod},
                                 Probe{"pod-to-node", &Prober::pod_to_node},
                                 Probe{"pod-to-pod", &Prober::pod_to_pod},
                                 Probe{"outside-to-host-port", &Prober::outside_to_host_port},
                                 Probe{"loopback-to-host-port", &Prober::loopback_to_host_port},
                                 Probe{"host-port-not-captured", &Prober::host_port_not_captured},
                                 Probe{"masquerade", &Prober::masquerade}};

// IPv6 addresses of a pod that has just come up, and of its bridge, are not in use at once.
Expected<void> wait_for_network(const ProbeTarget& pod, const ProbeTarget* other) {
  std::vector<std::string> places = {"", k_outside, pod.netns};
  if (other != nullptr) {
    places.push_back(other->netns);
  }
  const auto deadline = Clock::now() + k_address_limit;
  for (const auto& place : places) {
    TRY(wait_for_addresses(place, deadline));
  }
  return {};
}

}  // namespace

const std::vector<std::string>& probe_names() {
  static const std::vector<std::string> k_names = [] {
    std::vector<std::string> names;
    names.reserve(k_probes.size());
    for (const auto& probe : k_probes) {
      names.emplace_back(probe.name);
    }
    return names;
  }();
  return k_names;
}

std::vector<std::string> usual_probes(const ProbeTarget& pod) {
  std::vector<std::string> probes = {"loopback", "node-to-pod", "pod-to-node"};
  const auto& mappings = pod.port_mappings;
  if (std::any_of(mappings.begin(), mappings.end(), [](const PortMapping& mapping) {
        return mapping.host_port != 0 && !is_local(mapping);
      })) {
    probes.emplace_back("outside-to-host-port");
  }
  return probes;
}

Expected<std::vector<ProbeResult>> probe_data_plane(const std::vector<std::string>& probes,
                                                    const ProbeTarget& pod,
                                                    const ProbeTarget* other,
                                                    std::chrono::milliseconds limit) {
  TRY(wait_for_network(pod, other));
  std::vector<ProbeResult> results;
  for (const auto& name : probes) {
    const auto* const probe = std::find_if(k_probes.begin(), k_probes.end(),
                                           [&](const Probe& known) { return name == known.name; });
    if (probe == k_probes.end()) {
      return input_error("there is no probe \"{}\"{}", name, did_you_mean(name, probe_names()));
    }
    TRY_ASSIGN(auto seen, (Prober(pod, other, limit).*probe->run)());
    std::move(seen.begin(), seen.end(), std::back_inserter(results));
  }
  return results;
}

}  // namespace cni_matrix::probe
