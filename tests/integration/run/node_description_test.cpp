// What a node has before the runtime starts, as root and as an ordinary user: the nodes that are
// shipped, and small ones of each thing that a description may say.

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include <unistd.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::Words;

class NodeDescription : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
    fs::permissions(directory->path(), fs::perms::all | fs::perms::sticky_bit);
    const auto warm =
        program({"fetch", "--containerd", "debian:bookworm", "--plugins", "debian:bookworm"});
    if (warm.exit_code != 0) {
      GTEST_SKIP() << "the binaries cannot be had here: " << warm.out << warm.err;
    }
  }

  // As root, or as an ordinary user, each with a cache of its own.
  [[nodiscard]] CommandResult program(const Words& words) const {
    Words argv;
    if (GetParam() == "user" && ::geteuid() == 0) {
      argv = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    }
    for (const auto& word :
         {std::string("env"), "CNI_MATRIX_CACHE=" + (directory->path() / "cache").string(),
          std::string("PATH=") + std::string(k_system_path), std::string(CNI_MATRIX_PROGRAM)}) {
      argv.push_back(word);
    }
    argv.insert(argv.end(), words.begin(), words.end());
    CommandOptions options;
    options.timeout = std::chrono::minutes(10);
    return value_or_throw(run_program(argv, options));
  }

  [[nodiscard]] CommandResult run(const Words& words,
                                  const std::string& runtime = "embedded") const {
    Words all = {"run",       "--containerd", "debian:bookworm", "--plugins", "debian:bookworm",
                 "--runtime", runtime};
    all.insert(all.end(), words.begin(), words.end());
    return program(all);
  }

  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    const auto path = directory->path() / name;
    value_or_throw(write_file(path, text));
    return path.string();
  }

  // A scenario with this node and, between a pod's start and its end, these steps.
  [[nodiscard]] std::string scenario(const std::string& node, const std::string& steps = "") const {
    return file("asked.json",
                fmt::format(R"({{"id": "asked", "title": "Asked", "node": {}, "steps": [
                              {{"step": "run"}}, {}{}{{"step": "stop"}}, {{"step": "remove"}}]}})",
                            node, steps, steps.empty() ? "" : ", "));
  }

  std::optional<TemporaryDirectory> directory;
};

TEST_P(NodeDescription, ThoseThatAreShippedGoAsTheirScenariosSay) {
  const std::string all =
      "dhcp-lease,dhcp-daemon-restarted,dhcp-daemon-gone,flannel-delegation,flannel-not-ready,"
      "flannel-rebooted,vendor-agent,vendor-agent-gone";
  for (const auto* runtime : {"embedded", "daemon"}) {
    const auto result = run({"--scenario", all, "--fail-on", "skip"}, runtime);
    if (result.out.find("dnsmasq-base") != std::string::npos) {
      GTEST_SKIP() << result.out;
    }
    EXPECT_EQ(result.exit_code, 0) << runtime << "\n" << result.out << result.err;
  }
}

TEST_P(NodeDescription, AnyScenarioRunsOnANodeOfTheCommandLine) {
  const auto result = run({"--node", "acme", "--scenario", "lifecycle,restart-runtime"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto plan = program({"plan", "--containerd", "1.6.20", "--plugins", "1.1.1", "--node",
                             "acme", "--cni-version", "0.3.1"});
  EXPECT_THAT(plan.out, HasSubstr("1.6.20/1.1.1/acme@0.3.1/lifecycle[node=acme]"));
}

TEST_P(NodeDescription, HasFilesLinksRoutesAndSysctlsOfBothNetworks) {
  const auto node = R"({
    "directories": [{"path": "/var/lib/mine", "mode": "0700"}],
    "files": [{"path": "/var/lib/mine/a", "text": "hello\n", "mode": "0600"},
              {"path": "/var/lib/mine/b", "link": "a"},
              {"path": "/opt/mine/look", "text": "#!/bin/sh\ncat /var/lib/mine/b; echo \"$WORD\"\n", "mode": "0755"}],
    "sysctls": {"net.ipv4.conf.nic1.forwarding": 1},
    "links": [{"name": "lan0", "kind": "bridge", "where": "outside", "addresses": ["10.93.0.1/24"]},
              {"name": "nic1", "kind": "veth", "addresses": ["10.93.0.2/24", "fd00:93::2/64"], "mtu": 1400,
               "peer": {"name": "far1", "master": "lan0"}},
              {"name": "mac0", "kind": "macvlan", "parent": "nic1", "where": "node"}],
    "routes": [{"to": "10.94.0.0/16", "via": "10.93.0.1"},
               {"to": "10.95.0.0/16", "link": "lan0", "where": "outside"}],
    "commands": [{"argv": ["/opt/mine/look"], "environment": {"WORD": "there"}, "output": "^hello\nthere"},
                 {"argv": ["false"], "exit": 1}]})";
  const auto look = [](const std::string& argv, const std::string& output, const char* where) {
    return fmt::format(R"({{"step": "command", "argv": [{}], "output": "{}", "where": "{}"}})",
                       argv, output, where);
  };
  const auto steps = fmt::format(
      "{}, {}, {}, {}, {}, {}, {}, {}",
      look(R"("stat", "-c", "%a", "/var/lib/mine", "/var/lib/mine/a")", "700\\n600", "node"),
      look(R"("ip", "address", "show", "dev", "nic1")",
           "mtu 1400(.|\\n)*10.93.0.2/24(.|\\n)*fd00:93::2", "node"),
      look(R"("ip", "-d", "link", "show", "dev", "mac0")", "macvlan mode bridge", "node"),
      look(R"("ip", "route", "show")", "10.94.0.0/16 via 10.93.0.1 dev nic1", "node"),
      look(R"("ip", "route", "show")", "10.95.0.0/16 dev lan0", "outside"),
      look(R"("ip", "link", "show", "dev", "far1")", "master lan0", "outside"),
      look(R"("cat", "/proc/sys/net/ipv4/conf/nic1/forwarding")", "1", "node"),
      R"({"step": "command", "argv": ["ip", "link", "show", "dev", "far1"], "exit": 1})");
  const auto result = run({"--scenario", scenario(node, steps), "--verbose"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_P(NodeDescription, ThatDoesNotComeToBeIsAFailWithItsReason) {
  const auto fails = [&](const std::string& node, const std::string& reason) {
    const auto result = run({"--scenario", scenario(node)});
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr(reason));
  };
  fails(R"({"commands": [{"argv": ["sh", "-c", "echo no such thing >&2; exit 3"]}]})",
        "it ended with status 3 and not 0; it said: no such thing");
  fails(R"({"commands": [{"argv": ["sleep", "9"], "withinMs": 100}]})",
        "it did not end within 100 ms");
  fails(
      R"({"daemons": [{"name": "d", "argv": ["sh", "-c", "echo broke; exit 7"], "ready": {"port": 5}}]})",
      "the daemon d was not ready: it ended with status 7; it said: broke");
  fails(
      R"({"daemons": [{"name": "d", "argv": ["sleep", "99"], "ready": {"file": "/run/d"}, "withinMs": 200}]})",
      "the daemon d was not ready within 200 ms");
  fails(R"({"sysctls": {"net.ipv4.ip_forward": "much"}})",
        "cannot set the sysctl net.ipv4.ip_forward to much");
}

TEST_P(NodeDescription, ADaemonThatDiesFailsTheCellOrIsStartedAgain) {
  const auto node = [](const char* when) {
    return fmt::format(
        R"({{"daemons": [{{"name": "d", "argv": ["sh", "-c", "echo once; sleep 0.5; exit 4"], "whenItEnds": "{}"}}]}})",
        when);
  };
  const auto* wait = R"({"step": "command", "argv": ["sleep", "1"]})";
  const auto failed = run({"--scenario", scenario(node("fail"), wait)});
  EXPECT_EQ(failed.exit_code, 1) << failed.out;
  EXPECT_THAT(failed.out, HasSubstr("the daemon d: it ended with status 4; it said: once"));
  EXPECT_EQ(run({"--scenario", scenario(node("ignore"), wait)}).exit_code, 0);
  const auto json = (directory->path() / "restart.json").string();
  fs::remove(json);
  const auto restarted = run({"--scenario", scenario(node("restart"), wait), "--json", json});
  EXPECT_EQ(restarted.exit_code, 0) << restarted.out;
  EXPECT_THAT(read_file(json).value_or(""), HasSubstr("d, again: it ended with status 4"));
}

TEST_P(NodeDescription, StateThatStaysIsALeakOfTheUsersOwnName) {
  const auto node = [](const char* residue) {
    return fmt::format(
        R"({{"directories": ["/var/lib/mine"],
             "state": [{{"name": "mine", "paths": ["/var/lib/mine/*"], "residue": ["{}"]}}]}})",
        residue);
  };
  const auto* touch = R"({"step": "command", "argv": ["touch", "/var/lib/mine/pod-1"]})";
  const auto leaked = run({"--scenario", scenario(node("/var/lib/mine/lock"), touch)});
  EXPECT_EQ(leaked.exit_code, 1) << leaked.out;
  EXPECT_THAT(leaked.out, AllOf(HasSubstr("watched"), HasSubstr("/var/lib/mine/pod-1")));
  EXPECT_EQ(run({"--scenario", scenario(node("/var/lib/mine/pod-*"), touch)}).exit_code, 0);
}

// The files of a description are written, and its programs run, among the foreign ones.
TEST_P(NodeDescription, ReachesNothingBeyondTheWalls) {
  const auto node = R"({"commands": [
      {"argv": ["sh", "-c", "echo x > /run/cni-matrix/faults"], "exit": 2},
      {"argv": ["sh", "-c", "echo x > /usr/planted"], "exit": 2},
      {"argv": ["sh", "-c", "echo /proc/[0-9]*"], "output": "^/proc/1 /proc/[0-9]+\\n$"}]})";
  const auto result = run({"--scenario", scenario(node)});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_P(NodeDescription, WhatTheMachineLacksIsASkip) {
  const auto skips = [&](const std::string& node, const std::string& reason) {
    const auto result = run({"--scenario", scenario(node)});
    EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr(reason));
  };
  skips(R"({"daemons": [{"name": "d", "argv": ["no-such-program"], "package": "nothing-has-it"}]})",
        "no-such-program is missing, which the node runs; install the package nothing-has-it");
  skips(R"({"daemons": [{"name": "d", "argv": ["/opt/cni/bin/calico", "daemon"]}]})",
        "has no plugin calico, which the node runs");
}

TEST_P(NodeDescription, PlanRefusesWhatRunRefuses) {
  for (const auto* command : {"plan", "run"}) {
    const auto refused = [&](const Words& words, const std::string& part) {
      Words all = {command, "--containerd", "1.6.20",  "--plugins",
                   "1.1.1", "--runtime",    "embedded"};
      all.insert(all.end(), words.begin(), words.end());
      const auto result = program(all);
      EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
      EXPECT_EQ(result.out, "");
      EXPECT_THAT(result.err, HasSubstr(part));
      EXPECT_EQ(split(result.err, '\n').size(), 3U) << result.err;
    };
    refused({"--scenario", scenario(R"({"files": [{"path": "/usr/bin/x", "text": ""}]})")},
            "asked.json: at /node/files/0: /usr/bin/x: a node has the host's there, read-only");
    refused({"--scenario", scenario(R"({"format": 9})")}, "install a newer one");
    refused({"--scenario", scenario("{}", R"({"step": "daemon", "daemon": "d", "do": "kill"})")},
            "the node has no daemon \"d\"");
    refused({"--scenario", scenario(R"({"daemons": [{"name": "dnsmasq", "argv": ["true"]}]})",
                                    R"({"step": "daemon", "daemon": "dnsmask", "do": "kill"})")},
            "did you mean dnsmasq?");
    refused({"--scenario", scenario("\"missing.node.json\"")},
            "there is no file missing.node.json");
    refused({"--node", "dhpc"}, "did you mean dhcp?");
    refused({"--node", file("n.json", R"({"links": [{"name": "lo", "kind": "dummy"}]})")},
            "n.json: at /links/0: the node has a link lo already");
    refused({file("m.json", R"({"format": 2, "moons": 1})")},
            "m.json: at /format: a matrix of format 2");
  }
}

TEST_P(NodeDescription, OfAMatrixIsForAllOfItsCells) {
  const auto matrix = file("mine.json", R"({
    "containerd": ["debian:bookworm"], "plugins": ["debian:bookworm"], "runtime": "embedded",
    "node": {"directories": ["/var/lib/mine"],
             "files": [{"path": "/opt/cni/bin/mine", "from": "plugin"}],
             "conflist": {"name": "n", "cniVersion": "0.4.0",
                          "plugins": [{"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.9.0.0/24"}},
                                      {"type": "mine"}]}},
    "scenarios": ["lifecycle", "double-stop"]})");
  static_cast<void>(file(
      "plugin",
      "#!/bin/sh\n[ \"$CNI_COMMAND\" = ADD ] || exit 0\n"
      "touch /var/lib/mine/was-here; sed 's/.*\"prevResult\"://; s/,\"type\":\"mine\"}$//'\n"));
  const auto json = (directory->path() / "run.json").string();
  const auto result = program({"run", matrix, "--json", json});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const auto saved = value_or_throw(load_json(json));
  EXPECT_EQ(saved.at("cells").at(0).at("cell").at("name"),
            "debian:bookworm/debian:bookworm/mine/lifecycle[node=mine,embedded]");
  const auto& trace = saved.at("cells").at(0).at("trace");
  EXPECT_TRUE(std::any_of(trace.begin(), trace.end(),
                          [](const Json& call) { return call.at("plugin") == "mine"; }));
  // A list of the user's own takes the place of the node's.
  const auto other = program({"plan", matrix, "--conflist", "bridge-portmap"});
  EXPECT_THAT(other.out,
              AllOf(HasSubstr("/bridge-portmap/lifecycle[node=mine"), Not(HasSubstr("/mine/"))));
  const auto skipped = program({"plan", "--containerd", "1.6.20", "--plugins", "1.1.1",
                                "--conflist", "bridge-portmap", "--scenario", "dhcp-lease"});
  EXPECT_THAT(skipped.out, HasSubstr("skip: the scenario is about the network"));
}

TEST_P(NodeDescription, OfTheCommandLineIsJoinedWithThatOfTheScenario) {
  const auto mine =
      scenario(R"({"files": [{"path": "/var/lib/mine", "text": "mine"}]})",
               R"({"step": "command", "argv": ["cat", "/var/lib/mine", "/etc/acme/agent.conf"]})");
  const auto both = run({"--node", "acme", "--scenario", mine});
  EXPECT_EQ(both.exit_code, 0) << both.out;
  const auto clash = scenario(R"({"directories": ["/run/dnsmasq"]})");
  const auto plan = program({"plan", "--containerd", "1.6.20", "--plugins", "1.1.1", "--node",
                             "dhcp", "--scenario", clash});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_THAT(plan.out,
              HasSubstr("the directory /run/dnsmasq is in two of the cell's descriptions"));
}

INSTANTIATE_TEST_SUITE_P(As, NodeDescription, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix
