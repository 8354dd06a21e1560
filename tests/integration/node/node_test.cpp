#include "node/node.hpp"

#include "in_node_text.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/reboot.hpp"
#include "node/uplink.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cni_matrix::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class NodeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }
};

TEST_F(NodeTest, HasItsOwnRootLinksAndProcesses) {
  EXPECT_THAT(in_node([] { return command({"ls", "/"}); }), testing::Not(HasSubstr("home")));
  EXPECT_EQ(in_node([] { return command({"ls", "/etc/cni"}); }), "net.d\n");
  EXPECT_THAT(in_node([] {
                return command({"ip", "-o", "link"});
              }),
              testing::AllOf(HasSubstr("uplink"), testing::Not(HasSubstr("outside"))));
  EXPECT_THAT(in_node([] {
                return command({"ps", "-A", "-o", "comm="});
              }),
              HasSubstr("cni-matrix-init\ncni-matrix-reap\ncni-matrix-work\nps\n"));
  EXPECT_EQ(in_node([] { return command({"hostname"}); }), "node\n");
}

// For plugins that take a link by its name; what cannot be a name is passed over.
TEST_F(NodeTest, MayHaveFurtherNics) {
  const auto text = in_node([] {
    std::string made;
    for (const auto* name :
         {"eno1", "ens5", "eno1", "uplink", "a/b", "longer-than-the-kernel-takes"}) {
      const auto added = add_nic(name);
      made += added ? (*added ? "+" : "-") : added.error().message;
    }
    return made + "\n" + command({"ip", "-o", "link", "show", "up"});
  });
  EXPECT_THAT(text, testing::AllOf(HasSubstr("++----\n"), HasSubstr(": eno1@"),
                                   HasSubstr(": ens5@"), testing::Not(HasSubstr(": nic1"))));
}

TEST_F(NodeTest, HasTunWhereTheMachineHas) {
  if (::access("/dev/net/tun", F_OK) != 0) {
    GTEST_SKIP() << "this machine has no /dev/net/tun";
  }
  EXPECT_EQ(in_node([] {
              return command({"stat", "-c", "%F %t:%T", "/dev/net/tun"});
            }),
            "character special file a:c8\n");
}

TEST_F(NodeTest, ReachesTheOutside) {
  const auto ping = in_node([] { return command({"ip", "route", "get", "198.51.100.1"}); });
  EXPECT_THAT(ping, HasSubstr("via 192.0.2.1 dev uplink src 192.0.2.2"));
}

TEST_F(NodeTest, CannotWriteTheHost) {
  EXPECT_THAT(in_node([] {
                return command({"touch", "/usr/x"});
              }),
              HasSubstr("Read-only file system"));
  EXPECT_THAT(in_node([] {
                return command({"mkdir", "/sys/fs/cgroup/memory/x"});
              }),
              HasSubstr("cannot create directory"));
}

TEST_F(NodeTest, SeesItsBinds) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  value_or_throw(write_file(directory.path() / "f", "bound"));
  NodeOptions options;
  options.binds = {{directory.path(), "/opt/stacks/0"},
                   {directory.path() / "f", "/run/cni-matrix/f"}};
  EXPECT_EQ(in_node(
                [] {
                  return command({"cat", "/opt/stacks/0/f", "/run/cni-matrix/f"});
                },
                options),
            "boundbound");
  options.binds = {{"/no/such/folder", "/x"}};
  EXPECT_THAT(in_node([] { return std::string(); }, options),
              HasSubstr("cannot take /no/such/folder into the node"));
}

// What a pod has, and what must outlive a reboot.
TEST_F(NodeTest, ARebootTakesAllButTheDisk) {
  const auto rest = in_node([] {
    const auto before = take_inventory();
    command({"ip", "netns", "add", "cni-pod"});
    command({"ip", "link", "add", "cni0", "type", "bridge"});
    command({"ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"});
    command({"iptables", "-t", "nat", "-N", "CNI-1"});
    command({"iptables", "-t", "nat", "-A", "CNI-1", "-j", "RETURN"});
    command({"mkdir", "-p", "/run/containerd/x", "/var/lib/cni/networks/net"});
    ::mount("tmpfs", "/run/containerd/x", "tmpfs", 0, nullptr);
    static_cast<void>(write_file("/run/containerd/x/f", "f"));
    static_cast<void>(write_file("/var/lib/cni/networks/net/10.88.0.2", "pod"));
    const auto sleeper = BackgroundProcess::start({"/bin/sleep", "600"}, fixed_environment(),
                                                  "/run/cni-matrix/logs/sleep");
    const auto gone = reboot();
    if (!gone) {
      return gone.error().message;
    }
    const auto inventory = take_inventory();
    return !inventory ? inventory.error().message
                      : to_json(difference(*before, *inventory)).dump() +
                            command({"ls", "/run", "/run/netns"}) +
                            (sleeper && sleeper->running() ? "sleeps" : "died");
  });
  EXPECT_EQ(rest, R"({"lease":["/var/lib/cni/networks/net/10.88.0.2"],)"
                  R"("owners":{"/var/lib/cni/networks/net/10.88.0.2":"pod"}})"
                  "/run:\ncni-matrix\nnetns\n\n/run/netns:\ndied");
  // The uplink is there again, since it never went.
  EXPECT_THAT(in_node([] {
                static_cast<void>(reboot());
                return command({"ip", "route", "get", "198.51.100.1"});
              }),
              HasSubstr("via 192.0.2.1 dev uplink"));
}

TEST(Reboot, IsRefusedOutsideANode) {
  const auto refused = reboot();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "reboot: this is no node");
}

TEST_F(NodeTest, LeavesTheHostAsItWas) {
  const auto state = [] {
    return command({"ip", "-o", "link"}) + command({"cat", "/proc/self/mounts"}) +
           command({"find", "/sys/fs/cgroup", "-type", "d"}) + command({"ls", "/tmp", "/run"});
  };
  const auto before = state();
  in_node([] {
    ::mkdir("/tmp/x", 0755);
    ::mount("tmpfs", "/tmp/x", "tmpfs", 0, nullptr);
    return command({"ip", "link", "add", "br0", "type", "bridge"});
  });
  EXPECT_EQ(state(), before);
}

TEST_F(NodeTest, TakesItsProcessesAlong) {
  auto node = value_or_throw(Node::start({}, [](int output, std::int64_t) {
    if (::fork() == 0) {
      ::setsid();
      ::pause();
    }
    (void)!::write(output, "x", 1);
    ::pause();
    return 0;
  }));
  pollfd ready{node.output(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 20'000), 1);
  node.kill();
  const auto ending = node.reap();
  EXPECT_EQ(ending.signal, SIGKILL);
  // The grandchild holds the pipe too: its end of file shows that it is gone.
  EXPECT_THAT(read_all(node), testing::AnyOf("x", ""));
}

TEST_F(NodeTest, InventoryNamesEachPlantedLeak) {
  const auto text = in_node([] {
    const auto before = value_or_throw(take_inventory());
    command({"ip", "link", "add", "veth7", "type", "veth", "peer", "name", "veth8"});
    ::mkdir("/var/lib/cni/networks", 0755);
    ::mkdir("/var/lib/cni/networks/n", 0755);
    ::mkdir("/var/lib/cni/results", 0755);
    for (const auto* file : {"networks/n/10.0.0.2", "networks/n/lock",
                             "networks/n/last_reserved_ip.0", "results/n-id-eth0"}) {
      value_or_throw(write_file(std::filesystem::path("/var/lib/cni") / file, "x"));
    }
    command({"ip", "netns", "add", "cni-x"});
    command({"iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "ACCEPT"});
    command({"ip6tables", "-t", "nat", "-A", "POSTROUTING", "-j", "ACCEPT"});
    if (::fork() == 0) {
      ::pause();
    }
    auto added = difference(before, value_or_throw(take_inventory()));
    return to_json(added).dump();
  });
  const auto added = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(added.of(node::LeakClass::netns), ElementsAre("/var/run/netns/cni-x"));
  EXPECT_THAT(added.of(node::LeakClass::veth), ElementsAre("veth7", "veth8"));
  EXPECT_THAT(added.of(node::LeakClass::lease), ElementsAre("/var/lib/cni/networks/n/10.0.0.2"));
  EXPECT_THAT(added.of(node::LeakClass::cached_result),
              ElementsAre("/var/lib/cni/results/n-id-eth0"));
  EXPECT_THAT(added.of(node::LeakClass::nat_rule),
              ElementsAre("ip -A POSTROUTING -j ACCEPT", "ip6 -A POSTROUTING -j ACCEPT"));
  EXPECT_THAT(added.of(node::LeakClass::process), SizeIs(1));
  EXPECT_THAT(added.of(node::LeakClass::pod_record), IsEmpty());
}

// The classes that come after the seven primary ones.
TEST_F(NodeTest, InventoryNamesEachPlantedSecondaryLeak) {
  const auto text = in_node([] {
    value_or_throw(write_file("/proc/sys/net/ipv4/ip_forward", "0"));
    const auto before = value_or_throw(take_inventory());
    value_or_throw(write_file("/proc/sys/net/ipv4/ip_forward", "1"));
    command({"ip", "link", "add", "br7", "type", "bridge"});
    value_or_throw(write_file("/proc/sys/net/ipv4/conf/br7/route_localnet", "1"));
    command({"ip", "route", "add", "198.18.0.0/24", "via", "192.0.2.1"});
    command({"ip", "-6", "route", "add", "2001:db8:7::/64", "dev", "uplink", "table", "77"});
    command({"ip", "rule", "add", "from", "198.18.0.7", "table", "77", "priority", "7"});
    command({"ip", "neighbour", "add", "192.0.2.7", "lladdr", "02:00:00:00:00:07", "dev", "uplink",
             "nud", "permanent"});
    command({"ip", "neighbour", "add", "proxy", "192.0.2.8", "dev", "uplink"});
    command({"iptables", "-A", "FORWARD", "-s", "10.0.0.2", "-j", "ACCEPT"});
    command({"ip6tables", "-t", "mangle", "-A", "INPUT", "-j", "ACCEPT"});
    std::filesystem::create_directories("/run/cni/tuning");
    value_or_throw(write_file("/run/cni/tuning/id_eth0.json", "{}"));
    std::filesystem::create_directories("/var/lib/cni/flannel");
    value_or_throw(write_file("/var/lib/cni/flannel/id", "{}"));
    for (const std::string folder :
         {"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm",
          "/run/containerd/io.containerd.runtime.v2.task/k8s.io/b",
          "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/c",
          "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1"}) {
      std::filesystem::create_directories(folder);
    }
    ::mount("tmpfs", "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm", "tmpfs", 0,
            nullptr);
    return to_json(difference(before, value_or_throw(take_inventory()))).dump();
  });
  const auto added = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(added.of(node::LeakClass::link), ElementsAre("br7 (bridge)"));
  EXPECT_THAT(
      added.of(node::LeakClass::route),
      ElementsAre("ip neighbour 192.0.2.7 dev uplink", "ip neighbour proxy 192.0.2.8 dev uplink",
                  "ip route 198.18.0.0/24 via 192.0.2.1 dev uplink",
                  "ip rule priority 7 from 198.18.0.7 table 77",
                  "ip6 route 2001:db8:7::/64 dev uplink table 77"));
  EXPECT_THAT(added.of(node::LeakClass::filter_rule),
              ElementsAre("ip filter -A FORWARD -s 10.0.0.2/32 -j ACCEPT",
                          "ip6 mangle -A INPUT -j ACCEPT"));
  EXPECT_THAT(added.of(node::LeakClass::state_file),
              ElementsAre("/run/cni/tuning/id_eth0.json", "/var/lib/cni/flannel/id"));
  EXPECT_THAT(added.of(node::LeakClass::mount),
              ElementsAre("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm"));
  EXPECT_THAT(added.of(node::LeakClass::sysctl),
              ElementsAre("net.ipv4.conf.br7.route_localnet=1", "net.ipv4.ip_forward=1"));
  EXPECT_THAT(added.of(node::LeakClass::snapshot),
              ElementsAre("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a",
                          "/run/containerd/io.containerd.runtime.v2.task/k8s.io/b",
                          "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/c"));
  // And no primary class for any of it.
  for (const auto leak : k_leak_classes) {
    if (is_primary(leak)) {
      EXPECT_THAT(added.of(leak), IsEmpty()) << name_of(leak);
    }
  }
}

TEST_F(NodeTest, InventoryNamesRulesThatIptablesDoesNotShow) {
  if (find_program("nft").empty()) {
    GTEST_SKIP() << "nft is missing; install the package nftables";
  }
  const auto text = in_node([] {
    const auto before = value_or_throw(take_inventory());
    command({"nft", "add", "table", "inet", "cni_hostport"});
    command({"nft", "add", "chain", "inet", "cni_hostport", "hostports"});
    command({"nft", "add", "rule", "inet", "cni_hostport", "hostports", "accept", "comment",
             "\"pod 7\""});
    return to_json(difference(before, value_or_throw(take_inventory()))).dump();
  });
  const auto added = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(added.of(node::LeakClass::nft_table),
              ElementsAre("rule inet cni_hostport hostports handle 2 comment pod 7",
                          "table inet cni_hostport"));
  EXPECT_THAT(added.of(node::LeakClass::filter_rule), IsEmpty());
  EXPECT_THAT(added.of(node::LeakClass::nat_rule), IsEmpty());
}

// A datagram from an address of the node's bridge, as a pod's.
void send_datagram() {
  command({"ip", "link", "add", "br7", "type", "bridge"});
  command({"ip", "address", "add", "10.99.0.1/24", "dev", "br7"});
  // The kernel tracks nothing before a rule asks for it.
  command({"iptables", "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT"});
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_port = htons(5000);
  ::inet_pton(AF_INET, "10.99.0.1", &from.sin_addr);
  ::bind(socket.get(), reinterpret_cast<sockaddr*>(&from), sizeof from);  // NOLINT
  auto to = from;
  to.sin_port = htons(53);
  ::inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
  ::sendto(socket.get(), "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);  // NOLINT
}

TEST_F(NodeTest, InventoryNamesConnectionsOfPodsOnly) {
  const auto text = in_node([] {
    const auto before = value_or_throw(take_inventory());
    send_datagram();
    command({"ping", "-c", "1", "-W", "1", "192.0.2.1"});
    const auto added = difference(before, value_or_throw(take_inventory()));
    return trim(*read_file("/proc/sys/net/netfilter/nf_conntrack_count")) == "0"
               ? std::string()
               : to_json(added).dump();
  });
  if (text.empty()) {
    GTEST_SKIP() << "the kernel tracks no connections";
  }
  const auto added = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(added.of(node::LeakClass::conntrack),
              ElementsAre("udp 10.99.0.1:5000 -> 192.0.2.1:53"));
}

TEST_F(NodeTest, InventoryKnowsWhoHoldsALease) {
  const auto text = in_node([] {
    std::filesystem::create_directories("/var/lib/cni/networks/n");
    value_or_throw(write_file("/var/lib/cni/networks/n/10.0.0.2", "0123abcd\r\neth0"));
    return to_json(value_or_throw(take_inventory())).dump();
  });
  const auto seen = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(seen.of(node::LeakClass::lease), ElementsAre("/var/lib/cni/networks/n/10.0.0.2"));
  EXPECT_THAT(seen.owners,
              ElementsAre(testing::Pair("/var/lib/cni/networks/n/10.0.0.2", "0123abcd")));
}

// Where a configuration has them; host-local's lock beside them is none, and none is taken for a
// plugin's state.
TEST_F(NodeTest, InventoryFindsLeasesWhereTheyAreKept) {
  const auto text = in_node([] {
    for (const std::string root : {"/run/cni-ipam-state", "/var/lib/cni/ipam"}) {
      std::filesystem::create_directories(root + "/n");
      for (const char* name : {"/n/10.0.0.2", "/n/lock", "/n/last_reserved_ip.0"}) {
        value_or_throw(write_file(root + name, "x"));
      }
    }
    return to_json(value_or_throw(take_inventory(
                       {"/run/cni-ipam-state", "/var/lib/cni/ipam", "/proc", "relative"})))
        .dump();
  });
  const auto seen = value_or_throw(inventory_from_json(value_or_throw(parse_json(text, "node"))));
  EXPECT_THAT(seen.of(node::LeakClass::lease),
              ElementsAre("/run/cni-ipam-state/n/10.0.0.2", "/var/lib/cni/ipam/n/10.0.0.2"));
  EXPECT_THAT(seen.of(node::LeakClass::state_file), testing::IsEmpty());
}

// nft -f - opens it.
TEST_F(NodeTest, HasTheStandardStreamsAsFiles) {
  EXPECT_EQ(in_node([] {
              return command({"readlink", "/dev/stdin", "/dev/stdout", "/dev/stderr"});
            }),
            "/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n");
}

// It is taken three times in every cell.
TEST_F(NodeTest, InventoryOfAnEmptyNodeStartsNoProgram) {
  constexpr int k_times = 100;
  const auto text = in_node([] {
    (void)take_inventory();
    const auto commands_before = commands_cpu_us();
    const auto cpu = [] {
      rusage usage{};
      ::getrusage(RUSAGE_SELF, &usage);
      return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
             usage.ru_stime.tv_usec;
    };
    const auto begin = cpu();
    for (int i = 0; i < k_times; ++i) {
      (void)take_inventory();
    }
    return fmt::format("{} {}", commands_cpu_us() - commands_before, (cpu() - begin) / k_times);
  });
  EXPECT_THAT(text, testing::StartsWith("0 "));
  RecordProperty("cpu_us", text.substr(2));
  std::printf("one inventory: %s us of CPU\n", text.substr(2).c_str());
}

TEST_F(NodeTest, DiesWithItsScheduler) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t scheduler = ::fork();
  if (scheduler == 0) {
    auto node = Node::start({}, [&](int, std::int64_t) {
      (void)!::write(STDERR_FILENO, "", 0);
      ::pause();
      return 0;
    });
    const pid_t pid = node ? node->pid() : -1;
    (void)!::write(pipe[1], &pid, sizeof pid);
    ::pause();
    ::_exit(0);
  }
  pid_t init = -1;
  ASSERT_EQ(::read(pipe[0], &init, sizeof init), static_cast<ssize_t>(sizeof init));
  ASSERT_GT(init, 0);
  ::kill(scheduler, SIGKILL);
  int status = 0;
  ::waitpid(scheduler, &status, 0);
  for (int i = 0; i < 500 && ::kill(init, 0) == 0; ++i) {
    ::usleep(10'000);
  }
  EXPECT_NE(::kill(init, 0), 0);
}

}  // namespace
}  // namespace cni_matrix::node
