#include "probe/data_plane.hpp"

#include "in_node.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include "probe/network.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include <poll.h>

namespace cni_matrix::probe {
namespace {

using testing_support::in_node;
using testing_support::InNode;
using testing_support::Lines;
using testing_support::sh;

using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

std::string out(const std::string& command) {
  return value_or_throw(run_program(split(command, ' '))).out;
}

// Else each test waits two seconds for IPv6 addresses.
void skip_address_detection(const std::string& netns) {
  value_or_throw(in_namespace(
      netns, [] { return write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0"); }));
}

// A pod as bridge makes it, without plugins. (Not by "ip -n": it mounts /sys, which an ordinary
// user's node forbids.)
ProbeTarget add_pod(const std::string& name, int number) {
  sh("ip netns add " + name);
  skip_address_detection("/run/netns/" + name);
  sh(fmt::format("ip link add veth-{0} mtu 1400 type veth peer name eth0 mtu 1400 netns {0}",
                 name));
  sh(fmt::format("ip link set veth-{} master cni0 up", name));
  sh(fmt::format("nsenter --net=/run/netns/{} ip link set lo up", name));
  sh(fmt::format("nsenter --net=/run/netns/{} ip link set eth0 up", name));
  sh(fmt::format("nsenter --net=/run/netns/{} ip addr add 10.88.0.{}/16 dev eth0", name, number));
  sh(fmt::format("nsenter --net=/run/netns/{} ip addr add 2001:db8:4860::{}/64 dev eth0 nodad",
                 name, number));
  sh(fmt::format("nsenter --net=/run/netns/{} ip route add default via 10.88.0.1", name));
  sh(fmt::format("nsenter --net=/run/netns/{} ip -6 route add default via 2001:db8:4860::1", name));
  ProbeTarget pod;
  pod.netns = "/run/netns/" + name;
  pod.ips = {fmt::format("10.88.0.{}", number), fmt::format("2001:db8:4860::{}", number)};
  return pod;
}

// The rules as portmap and ipMasq make them: TCP 8080 to 80, UDP 5353 to 53.
ProbeTarget add_bridge_and_pod() {
  skip_address_detection("");
  sh("ip link add cni0 type bridge");
  sh("ip addr add 10.88.0.1/16 dev cni0");
  sh("ip addr add 2001:db8:4860::1/64 dev cni0 nodad");
  sh("ip link set cni0 up");
  value_or_throw(write_file("/proc/sys/net/ipv4/ip_forward", "1"));
  value_or_throw(write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1"));
  value_or_throw(write_file("/proc/sys/net/ipv4/conf/cni0/route_localnet", "1"));
  for (const char* chain : {"PREROUTING", "OUTPUT"}) {
    for (const auto& [program, to] :
         {std::pair{"iptables", "10.88.0.2"}, std::pair{"ip6tables", "[2001:db8:4860::2]"}}) {
      sh(
          fmt::format("{} -w -t nat -A {} -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT "
                      "--to-destination {}:80",
                      program, chain, to));
      sh(
          fmt::format("{} -w -t nat -A {} -p udp --dport 5353 -m addrtype --dst-type LOCAL -j DNAT "
                      "--to-destination {}:53",
                      program, chain, to));
    }
  }
  sh("iptables -w -t nat -A POSTROUTING -s 127.0.0.1 -d 10.88.0.2 -j MASQUERADE");
  sh("iptables -w -t nat -A POSTROUTING -s 10.88.0.0/16 ! -d 10.88.0.0/16 -j MASQUERADE");
  sh("ip6tables -w -t nat -A POSTROUTING -s 2001:db8:4860::/64 ! -d 2001:db8:4860::/64 -j "
     "MASQUERADE");
  auto pod = add_pod("pod", 2);
  pod.port_mappings = {{"tcp", 80, 8080, ""}, {"udp", 53, 5353, ""}};
  return pod;
}

constexpr milliseconds k_short{300};

// "ok ipv4 the node to the pod ...: connected", or the Error.
Lines probe(const std::vector<std::string>& names, const ProbeTarget& pod,
            const ProbeTarget* other = nullptr, milliseconds limit = k_short) {
  const auto results = probe_data_plane(names, pod, other, limit);
  if (!results) {
    return {"error " + results.error().message};
  }
  Lines lines;
  for (const auto& result : *results) {
    lines.push_back(fmt::format("{} {} {} {}", result.ok ? "ok" : "BAD", result.probe,
                                result.family, result.saw));
  }
  return lines;
}

class DataPlane : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }
};

TEST_F(DataPlane, AGoodPodPassesEveryProbe) {
  const auto lines = in_node([] {
    const auto pod = add_bridge_and_pod();
    const auto other = add_pod("other", 3);
    return probe(probe_names(), pod, &other, k_probe_limit);
  });
  EXPECT_THAT(lines, Each(testing::StartsWith("ok ")));
  for (const auto& name : probe_names()) {
    EXPECT_THAT(lines, Contains(HasSubstr(" " + name + " "))) << name;
  }
  for (const char* line :
       {"loopback ipv4 the pod to itself 127.0.0.1:",
        "loopback ipv6 the pod to itself [::1]:",
        "mtu  eth0 has MTU 1400",
        "node-to-pod ipv4 the node to the pod 10.88.0.2:",
        "node-to-pod ipv6 the node to the pod [2001:db8:4860::2]:",
        "pod-to-node ipv4 the pod to the node 192.0.2.2:",
        "pod-to-node ipv6 the pod to the node [2001:db8:ffff::2]:",
        "pod-to-pod ipv4 the pod to the other pod 10.88.0.3:",
        "pod-to-pod ipv6 the pod to the other pod [2001:db8:4860::3]:",
        "host-port ipv4 the outside to 192.0.2.2:8080/tcp, the pod's port 80: connected",
        "host-port ipv6 the outside to [2001:db8:ffff::2]:8080/tcp, the pod's port 80: connected",
        "host-port ipv4 the outside to 192.0.2.2:5353/udp, the pod's port 53: answered",
        "host-port ipv6 the outside to [2001:db8:ffff::2]:5353/udp, the pod's port 53: answered",
        "loopback-to-host-port ipv4 the node to 127.0.0.1:8080/tcp, the pod's port 80: connected",
        "loopback-to-host-port ipv4 the node to 127.0.0.1:5353/udp, the pod's port 53: answered",
        "captured ipv4 the node to 203.0.113.1:8080/tcp: connected, landed there",
        "captured ipv4 through the node to 203.0.113.1:8080/tcp: connected, landed there",
        "captured ipv6 the node to [2001:db8:fffe::1]:5353/udp: answered, landed there",
        "captured ipv6 through the node to [2001:db8:fffe::1]:5353/udp: answered, landed there",
        ", seen as the node's 192.0.2.2",
        ", seen as the node's 2001:db8:ffff::2"}) {
    EXPECT_THAT(lines, Contains(HasSubstr(line)));
  }
  EXPECT_THAT(lines, Not(Contains(HasSubstr("loopback-to-host-port ipv6"))));
}

TEST_F(DataPlane, SaysWhatItSawOfABrokenPod) {
  const auto lines = in_node([] {
    auto pod = add_bridge_and_pod();
    auto other = add_pod("other", 3);
    Lines seen;
    const auto note = [&](const std::string& what, const Lines& more) {
      for (const auto& line : more) {
        seen.push_back(fmt::format("{}: {}", what, line));
      }
    };
    sh("nsenter --net=/run/netns/pod ip link set lo down");
    note("lo down", probe({"loopback"}, pod));
    sh("nsenter --net=/run/netns/pod ip link set lo up");
    sh("nsenter --net=/run/netns/pod ip link set eth0 mtu 1300");
    note("mtu", probe({"mtu"}, pod));
    pod.mtu = 1300;
    note("mtu as wanted", probe({"mtu"}, pod));
    pod.mtu = 9000;
    note("mtu wanted", probe({"mtu"}, pod));
    auto moved = pod;
    moved.ips = {"10.88.0.9"};  // nobody is there
    note("no such address", probe({"node-to-pod"}, moved));
    // The rule leads to port 80, where no server is.
    auto deaf = pod;
    deaf.port_mappings = {{"tcp", 81, 8080, ""}, {"udp", 54, 5353, ""}};
    note("no server", probe({"outside-to-host-port", "loopback-to-host-port"}, deaf));
    auto unmapped = pod;
    unmapped.port_mappings = {{"tcp", 80, 8081, ""}};
    note("no rule", probe({"outside-to-host-port"}, unmapped));
    sh("nsenter --net=/run/netns/pod ip route del default");
    sh("nsenter --net=/run/netns/pod ip -6 route del default");
    note("no route", probe({"pod-to-node"}, pod));
    sh("nsenter --net=/run/netns/pod ip route add default via 10.88.0.1");
    sh("nsenter --net=/run/netns/pod ip -6 route add default via 2001:db8:4860::1");
    sh("iptables -w -t nat -A OUTPUT -p tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80");
    sh("ip6tables -w -t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination "
       "[2001:db8:4860::2]:53");
    note("captured", probe({"host-port-not-captured"}, pod));
    sh("iptables -w -t nat -F POSTROUTING");
    sh("ip6tables -w -t nat -F POSTROUTING");
    note("no masquerade", probe({"masquerade"}, pod));
    sh("ip link set veth-other down");
    note("link down", probe({"pod-to-pod"}, pod, &other));
    sh("iptables -w -A INPUT -s 10.88.0.2 -j REJECT");
    note("rejected", probe({"pod-to-node"}, pod));
    return seen;
  });
  for (const char* line :
       {"lo down: BAD loopback  lo is down in the pod",
        "mtu: BAD mtu  eth0 has MTU 1300, and its peer on the node another: 1400",
        "mtu as wanted: ok mtu  eth0 has MTU 1300",
        "mtu wanted: BAD mtu  eth0 has MTU 1300, which is not what it should be: 9000",
        "no server: BAD outside-to-host-port ipv4 the outside to 192.0.2.2:8080/tcp, the pod's "
        "port 81: refused",
        "no server: BAD outside-to-host-port ipv6 the outside to [2001:db8:ffff::2]:8080/tcp, the "
        "pod's port 81: refused",
        "no server: BAD outside-to-host-port ipv4 the outside to 192.0.2.2:5353/udp, the pod's "
        "port 54: refused",
        "no server: BAD loopback-to-host-port ipv4 the node to 127.0.0.1:8080/tcp, the pod's port "
        "81: refused",
        "no rule: BAD outside-to-host-port ipv4 the outside to 192.0.2.2:8081/tcp, the pod's port "
        "80: refused",
        "captured: BAD host-port-not-captured ipv4 the node to 203.0.113.1:8080/tcp: connected, "
        "captured: it landed in the pod",
        "captured: ok host-port-not-captured ipv4 through the node to 203.0.113.1:8080/tcp: "
        "connected, landed there",
        "captured: BAD host-port-not-captured ipv6 through the node to "
        "[2001:db8:fffe::1]:5353/udp: answered, captured: it landed in the pod"}) {
    EXPECT_THAT(lines, Contains(HasSubstr(line)));
  }
  const auto is_bad = [&](const std::string& start, const std::string& end) {
    EXPECT_THAT(lines, Contains(AllOf(testing::StartsWith(start), testing::EndsWith(end))))
        << start;
  };
  is_bad("no such address: BAD node-to-pod ipv4", ": timed out");
  is_bad("no route: BAD pod-to-node ipv4", ": unreachable");
  is_bad("no route: BAD pod-to-node ipv6", ": unreachable");
  is_bad("no masquerade: BAD masquerade ipv4",
         ": connected, wrong source address 10.88.0.2 and not the node's 192.0.2.2");
  is_bad("no masquerade: BAD masquerade ipv6",
         "wrong source address 2001:db8:4860::2 and not the node's 2001:db8:ffff::2");
  is_bad("link down: BAD pod-to-pod ipv4", ": timed out");
  is_bad("rejected: BAD pod-to-node ipv4", ": refused");
}

TEST_F(DataPlane, LooksOnlyWhereAPortIsPublished) {
  const auto lines = in_node([] {
    auto pod = add_bridge_and_pod();
    pod.port_mappings = {{"tcp", 80, 8080, "127.0.0.1"}};
    auto seen = probe({"loopback-to-host-port"}, pod);
    seen.push_back(probe({"outside-to-host-port"}, pod).front());
    seen.push_back(fmt::format("{}", usual_probes(pod).size()));
    pod.port_mappings = {{"tcp", 80, 8080, "2001:db8:ffff::2"}};
    for (const auto& line : probe({"outside-to-host-port"}, pod)) {
      seen.push_back(line);
    }
    return seen;
  });
  EXPECT_THAT(lines, testing::ElementsAre(HasSubstr("127.0.0.1:8080/tcp, the pod's port 80: conn"),
                                          HasSubstr("needs a host port"), "3",
                                          HasSubstr("[2001:db8:ffff::2]:8080/tcp, the pod's")));
}

TEST_F(DataPlane, LeavesNothingBehind) {
  const auto state = [] {
    return out("ip -o link") + out("ip -o addr") + out("ip route") + out("ip -6 route") +
           out("nsenter --net=/run/cni-matrix/outside ip -o addr") +
           out("nsenter --net=/run/cni-matrix/outside ip route show table all") +
           out("nsenter --net=/run/cni-matrix/outside ip -6 route show table all") +
           out("ps -A -o comm=");
  };
  const auto lines = in_node([&]() -> Lines {
    const auto pod = add_bridge_and_pod();
    const auto before = state();
    const auto seen = probe({"host-port-not-captured", "masquerade"}, pod);
    return {before, state(), seen.empty() ? "nothing" : seen.front()};
  });
  ASSERT_EQ(lines.size(), 3U) << lines.front();
  EXPECT_EQ(lines[0], lines[1]);
  EXPECT_THAT(lines[2], testing::StartsWith("ok "));
}

TEST_F(DataPlane, WaitsForAddresses) {
  const auto lines = in_node([] {
    auto pod = add_bridge_and_pod();
    // A link that does not run yet is not waited for: nothing is sent from it.
    for (int i = 0;
         i < 300 && out("ip -o link show dev cni0").find(" state UP ") == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    value_or_throw(write_file("/proc/sys/net/ipv6/conf/cni0/accept_dad", "1"));
    sh("ip addr add 2001:db8:4860::7/64 dev cni0");
    const auto tentative = out("ip -o -6 addr show dev cni0 tentative");
    auto seen = probe({"node-to-pod"}, pod);
    seen.insert(seen.begin(), {tentative, out("ip -o -6 addr show dev cni0 tentative")});
    return seen;
  });
  ASSERT_EQ(lines.size(), 4U) << lines.front();
  EXPECT_THAT(lines[0], HasSubstr("2001:db8:4860::7"));
  EXPECT_EQ(lines[1], "");
}

TEST_F(DataPlane, RefusesWhatItCannotTry) {
  const auto lines = in_node([] {
    auto pod = add_bridge_and_pod();
    Lines seen = probe({"node-to-prod"}, pod);
    seen.push_back(probe({"pod-to-pod"}, pod).front());
    pod.port_mappings.clear();
    seen.push_back(probe({"outside-to-host-port"}, pod).front());
    pod.ips.clear();
    seen.push_back(probe({"node-to-pod"}, pod).front());
    pod.netns = "/run/netns/gone";
    seen.push_back(probe({"loopback"}, pod).front());
    return seen;
  });
  EXPECT_THAT(lines, testing::ElementsAre(
                         AllOf(HasSubstr("no probe \"node-to-prod\""), HasSubstr("node-to-pod")),
                         HasSubstr("needs a second pod"), HasSubstr("needs a host port"),
                         HasSubstr("needs an address of the pod"),
                         HasSubstr("cannot enter the network namespace /run/netns/gone")));
}

}  // namespace
}  // namespace cni_matrix::probe
