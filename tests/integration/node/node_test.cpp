#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/node/layout.hpp>
#include <cni_matrix/node/node.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace cni_matrix::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Everything the node wrote until it closed its output.
std::string read_all(const Node& node) {
  std::string text;
  pollfd fd{node.output(), POLLIN, 0};
  while (::poll(&fd, 1, 20'000) > 0) {
    std::array<char, 4096> buffer{};
    const auto count = ::read(node.output(), buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

// What `work` returns, as text, having run in a node.
std::string in_node(const std::function<std::string()>& work, const NodeOptions& options = {}) {
  auto node = Node::start(options, [&](int output, std::int64_t) {
    const auto text = work();
    return ::write(output, text.data(), text.size()) >= 0 ? 0 : 1;
  });
  if (!node) {
    return "cannot start: " + node.error().message;
  }
  auto text = read_all(*node);
  node->reap();
  return text;
}

std::string command(const std::vector<std::string>& argv) {
  const auto result = run_command(argv);
  return result ? result->out + result->err : result.error().message;
}

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
              HasSubstr("cni-matrix-init\ncni-matrix-work\nps\n"));
  EXPECT_EQ(in_node([] { return command({"hostname"}); }), "node\n");
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
  EXPECT_THAT(added.netns, ElementsAre("/var/run/netns/cni-x"));
  EXPECT_THAT(added.veths, ElementsAre("veth7", "veth8"));
  EXPECT_THAT(added.leases, ElementsAre("/var/lib/cni/networks/n/10.0.0.2"));
  EXPECT_THAT(added.cached_results, ElementsAre("/var/lib/cni/results/n-id-eth0"));
  EXPECT_THAT(added.nat_rules,
              ElementsAre("ip -A POSTROUTING -j ACCEPT", "ip6 -A POSTROUTING -j ACCEPT"));
  EXPECT_THAT(added.processes, SizeIs(1));
  EXPECT_THAT(added.pods, IsEmpty());
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
