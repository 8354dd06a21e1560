#include "equipment/description.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace cni_matrix::equipment {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Expected<NodeDescription> read(const std::string& text, const std::filesystem::path& folder = ".") {
  return description_from_json(Json::parse(text), "a.json", "", folder);
}

std::string refusal(const std::string& text, const std::filesystem::path& folder = ".") {
  const auto read_one = read(text, folder);
  return read_one ? std::string("taken") : read_one.error().message;
}

TEST(Description, HasWhatTheFileSays) {
  const auto node = value_or_throw(read(R"({
    "format": 1,
    "directories": ["/var/lib/acme", {"path": "/var/run/acme", "mode": "0700"}],
    "files": [{"path": "/etc/acme.conf", "text": "a\n", "mode": "640"},
              {"path": "/etc/acme.link", "link": "acme.conf"},
              {"path": "/opt/cni/bin/acme", "text": "#!/bin/sh\n"}],
    "sysctls": {"net.ipv4.ip_forward": 1, "net.ipv4.conf.eth0/1.forwarding": "0"},
    "links": [{"name": "br0", "kind": "bridge", "where": "outside"},
              {"name": "nic1", "kind": "veth", "mtu": 1400, "up": false,
               "peer": {"name": "lan1", "addresses": ["10.0.0.1/24"], "master": "br0"}},
              {"name": "v7", "kind": "vlan", "parent": "nic1", "id": 7},
              {"name": "m0", "kind": "macvlan", "parent": "uplink", "addresses": ["fd00::1/64"]}],
    "routes": [{"to": "10.1.0.0/16", "via": "192.0.2.1"}, {"to": "default", "link": "lan1", "where": "outside"}],
    "commands": [{"argv": ["true"], "exit": 3, "output": "x", "withinMs": 5, "package": "coreutils"}],
    "daemons": [{"name": "d", "argv": ["/opt/cni/bin/dhcp", "daemon"], "environment": {"A": "b"},
                 "where": "outside", "removes": ["/var/run/d.sock"], "withinMs": 7, "whenItEnds": "restart",
                 "ready": {"socket": "/var/run/d.sock", "port": 67, "protocol": "udp", "output": "up"}}],
    "conflist": {"name": "n", "plugins": [{"type": "bridge"}]},
    "state": [{"name": "acme", "paths": ["/var/lib/acme/*"], "residue": ["/var/lib/acme/lock"]}]})"));
  ASSERT_EQ(node.directories.size(), 2U);
  EXPECT_EQ(node.directories[0].mode, 0755U);
  EXPECT_EQ(node.directories[1].path, "/run/acme");
  EXPECT_EQ(node.directories[1].mode, 0700U);
  ASSERT_EQ(node.files.size(), 2U);
  EXPECT_EQ(*node.files[0].content, "a\n");
  EXPECT_EQ(node.files[0].mode, 0640U);
  EXPECT_EQ(node.files[1].content, nullptr);
  EXPECT_EQ(node.files[1].link, "acme.conf");
  ASSERT_EQ(node.plugins.size(), 1U);
  EXPECT_EQ(node.plugins[0].name, "acme");
  EXPECT_EQ(node.sysctls.at("net.ipv4.ip_forward"), "1");
  ASSERT_EQ(node.links.size(), 4U);
  EXPECT_EQ(node.links[0].where, Where::outside);
  EXPECT_EQ(node.links[1].peer.master, "br0");
  EXPECT_THAT(node.links[1].peer.addresses, ElementsAre("10.0.0.1/24"));
  EXPECT_FALSE(node.links[1].up);
  EXPECT_EQ(node.links[2].id, 7);
  EXPECT_EQ(node.links[3].mode, "bridge");
  ASSERT_EQ(node.routes.size(), 2U);
  EXPECT_EQ(node.routes[1].where, Where::outside);
  ASSERT_EQ(node.commands.size(), 1U);
  EXPECT_EQ(node.commands[0].exit, 3);
  EXPECT_EQ(node.commands[0].within.count(), 5);
  EXPECT_EQ(node.commands[0].program.package, "coreutils");
  const auto* daemon = node.find_daemon("d");
  ASSERT_NE(daemon, nullptr);
  EXPECT_THAT(daemon->removes, ElementsAre("/run/d.sock"));
  EXPECT_EQ(daemon->ready.socket, "/run/d.sock");
  EXPECT_TRUE(daemon->ready.udp);
  EXPECT_EQ(daemon->when_it_ends, WhenItEnds::restart);
  EXPECT_EQ(daemon->program.environment.at("A"), "b");
  EXPECT_EQ(node.conflist->at("name"), "n");
  EXPECT_THAT(node.state.at(0).residue, ElementsAre("/var/lib/acme/lock"));
}

TEST(Description, RefusesWhatANewerProgramWrites) {
  EXPECT_EQ(refusal(R"({"format": 2, "moons": []})"),
            "a.json: at /format: a node of format 2, and this cni-matrix reads formats up to 1; "
            "install a newer one");
  EXPECT_THAT(refusal(R"({"moons": []})"), HasSubstr("there is no key \"moons\""));
}

TEST(Description, RefusesPathsThatAreNotItsOwn) {
  const auto file = [](const std::string& path) {
    return refusal(R"({"files": [{"path": ")" + path + R"(", "text": ""}]})");
  };
  EXPECT_EQ(
      file("/var/../etc/x"),
      "a.json: at /files/0: /var/../etc/x: write it without \"..\", \".\" and double slashes");
  EXPECT_THAT(file("relative"), HasSubstr("must be an absolute path"));
  EXPECT_THAT(file("/usr/bin/ip"), HasSubstr("a node has the host's there, read-only"));
  EXPECT_THAT(file("/etc/passwd"), HasSubstr("a node has the host's there, read-only"));
  EXPECT_THAT(file("/etc/ld.so.preload"), HasSubstr("that is of cni-matrix"));
  EXPECT_THAT(file("/run/cni-matrix/faults"), HasSubstr("that is of cni-matrix"));
  EXPECT_THAT(file("/var/run/cni-matrix/faults"), HasSubstr("that is of cni-matrix"));
  EXPECT_THAT(file("/var/run/netns/x"), HasSubstr("that is the runtime's"));
  EXPECT_THAT(file("/proc/sys/x"), HasSubstr("that is the kernel's"));
  EXPECT_THAT(file("/etc/cni/net.d/1.conflist"), HasSubstr("write-config"));
  EXPECT_THAT(file("/opt/cni/bin/a/b"), HasSubstr("right below it"));
  EXPECT_THAT(file("/var/lib"), HasSubstr("a node has that directory already"));
  EXPECT_EQ(file("/var/lib/acme/x"), "taken");
}

TEST(Description, WatchesDirectoriesOfTheUserOnly) {
  const auto watch = [](const std::string& path) {
    return refusal(R"({"state": [{"name": "a", "paths": [")" + path + R"("]}]})");
  };
  EXPECT_EQ(watch("/var/lib/acme/*"), "taken");
  EXPECT_EQ(watch("/var/lib/acme*"),
            "a.json: at /state/0/paths: /var/lib/acme*: a node has that "
            "directory already");
  EXPECT_THAT(watch("/*"), HasSubstr("name a directory"));
  EXPECT_THAT(watch("/ru?/x"), HasSubstr("name a directory"));
  EXPECT_THAT(watch("/run/*"), HasSubstr("a node has that directory already"));
}

TEST(Description, TakesInFilesBesideIt) {
  const auto folder = value_or_throw(TemporaryDirectory::create());
  value_or_throw(write_file(folder.path() / "agent", "#!/bin/sh\n"));
  const auto from = [&](const std::string& name) {
    return refusal(R"({"files": [{"path": "/opt/a", "from": ")" + name + R"("}]})", folder.path());
  };
  EXPECT_EQ(from("agent"), "taken");
  EXPECT_THAT(from("../agent"), HasSubstr("only a file beside this one"));
  EXPECT_THAT(from("/etc/passwd"), HasSubstr("only a file beside this one"));
  EXPECT_THAT(from("missing"), HasSubstr("there is no file"));
  EXPECT_THAT(from("."), HasSubstr("there is no file"));
}

TEST(Description, RefusesWhatCannotBe) {
  EXPECT_THAT(refusal(R"({"files": [{"path": "/opt/a"}]})"), HasSubstr("one of \"text\""));
  EXPECT_THAT(
      refusal(R"({"files": [{"path": "/opt/a", "text": ""}, {"path": "/opt/a", "text": ""}]})"),
      HasSubstr("/opt/a is there twice"));
  EXPECT_THAT(
      refusal(R"({"files": [{"path": "/opt/a", "text": ""}], "commands": [{"argv": ["/opt/a"]}]})"),
      HasSubstr("/opt/a is not executable; give that file the mode 0755"));
  EXPECT_THAT(refusal(R"({"sysctls": {"kernel.core_pattern": "x"}})"),
              HasSubstr("must begin with net."));
  EXPECT_THAT(refusal(R"({"sysctls": {"net..x": "x"}})"), HasSubstr("is no name of a sysctl"));
  EXPECT_THAT(refusal(R"({"links": [{"name": "uplink", "kind": "dummy"}]})"),
              HasSubstr("the node has a link uplink already"));
  EXPECT_THAT(refusal(R"({"links": [{"name": "v", "kind": "vlan", "parent": "nic9", "id": 1}]})"),
              HasSubstr("the node has no link nic9 by then"));
  EXPECT_THAT(refusal(R"({"links": [{"name": "v", "kind": "dummy", "master": "uplink"}]})"),
              HasSubstr("the node has no bridge uplink by then"));
  EXPECT_THAT(refusal(R"({"links": [{"name": "v", "kind": "vlan", "parent": "uplink"}]})"),
              HasSubstr("a vlan needs \"id\""));
  EXPECT_THAT(refusal(R"({"links": [{"name": "v", "kind": "dummy", "id": 1}]})"),
              HasSubstr("a dummy takes no \"id\""));
  EXPECT_THAT(
      refusal(
          R"({"links": [{"name": "v", "kind": "veth", "where": "outside", "peer": {"name": "w"}}]})"),
      HasSubstr("a veth is of the node"));
  EXPECT_THAT(
      refusal(R"({"links": [{"name": "v", "kind": "dummy", "addresses": ["10.0.0.300/24"]}]})"),
      HasSubstr("at /links/0/addresses/0"));
  EXPECT_THAT(refusal(R"({"routes": [{"to": "default"}]})"),
              HasSubstr("needs \"via\" or \"link\""));
  EXPECT_THAT(refusal(R"({"routes": [{"to": "default", "via": "gateway"}]})"),
              HasSubstr("is no address"));
  EXPECT_THAT(
      refusal(R"({"daemons": [{"name": "d", "argv": ["a"]}, {"name": "d", "argv": ["a"]}]})"),
      HasSubstr("there is a daemon d already"));
  EXPECT_THAT(refusal(R"({"daemons": [{"name": "d", "argv": ["../a"]}]})"),
              HasSubstr("is no absolute path"));
  EXPECT_THAT(
      refusal(R"({"daemons": [{"name": "d", "argv": ["a"], "ready": {"protocol": "udp"}}]})"),
      HasSubstr("\"protocol\" is of a \"port\""));
  EXPECT_THAT(refusal(R"({"daemons": [{"name": "d", "argv": ["a"], "ready": {"output": "("}}]})"),
              HasSubstr("not a regular expression"));
  EXPECT_THAT(refusal(R"({"commands": [{"argv": ["a"], "where": "moon"}]})"),
              HasSubstr("is not allowed"));
  EXPECT_THAT(refusal(R"("dhcp.node.json")"), HasSubstr("is a JSON object"));
}

TEST(Description, IsJoinedWithAnother) {
  const auto first = value_or_throw(read(
      R"({"daemons": [{"name": "a", "argv": ["x"]}], "sysctls": {"net.a": 1}, "directories": ["/opt/a"]})"));
  const auto second = value_or_throw(read(
      R"({"daemons": [{"name": "b", "argv": ["x"]}], "conflist": {"name": "n", "plugins": [{"type": "t"}]}})"));
  const auto both = value_or_throw(joined(first, second, "both"));
  EXPECT_THAT(both.daemon_names(), ElementsAre("a", "b"));
  EXPECT_TRUE(both.conflist);
  EXPECT_EQ(joined(first, first, "both").error().message,
            "both: the directory /opt/a is in two of the cell's descriptions of its node");
  EXPECT_THAT(joined(second, second, "both").error().message, HasSubstr("the daemon b is in two"));
}

}  // namespace
}  // namespace cni_matrix::equipment
