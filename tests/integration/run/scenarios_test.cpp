// The scenario library with the real binaries: every scenario goes as the known behaviours say, and
// the embedded runtime goes the same way.

#include "program.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

using testing::HasSubstr;
using testing_support::program;
using testing_support::Words;

constexpr int k_nothing_executed = 4;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class Scenarios : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }

  // Every cell that ran passed or is a known behaviour, and some ran.
  static void expect_as_known(const Words& arguments) {
    const auto result = program(arguments);
    if (result.exit_code == k_nothing_executed) {
      GTEST_SKIP() << result.out;
    }
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  }

  const Words library = {"--plugins",       "debian:bookworm", "--cni-version",
                         "0.4.0",           "--conflist",      "bridge-portmap",
                         "--all-scenarios", "--step-timeout",  "20"};
};

TEST_F(Scenarios, GoAsTheKnownBehavioursSay) {
  // The others' turn is in library_test.cpp.
  expect_as_known(with({"run", "--containerd", "debian:forky"}, library));
}

TEST_F(Scenarios, HostPortsAreReachedAndCaptureNothing) {
  expect_as_known({"run", "--containerd", "debian:bookworm", "--plugins", "debian:bookworm",
                   "--cni-version", "1.0.0", "--conflist", "bridge-portmap", "--scenario",
                   "host-port", "--host-port", "8080", "--mark-chain"});
}

// All scenarios: in library_test.cpp.
TEST_F(Scenarios, TheListsThatPeopleRunGoAsKnown) {
  expect_as_known({"run", (data_directory() / "matrix" / "chains.json").string(), "--containerd",
                   "debian:bookworm", "--runtime", "embedded", "--scenario",
                   "lifecycle,two-pods,netns-gone,add-fails,host-port-udp,check-after-add,"
                   "rename-network,subnet-changed"});
}

// The library above has plugins that know neither.
TEST_F(Scenarios, StatusAndGarbageCollectionGoAsKnown) {
  expect_as_known(
      {"run", "--containerd", "debian:forky", "--plugins", "debian:forky", "--cni-version", "1.1.0",
       "--conflist", "bridge-portmap", "--scenario",
       fmt::format("{}",
                   fmt::join(Words{"status-good", "status-not-available", "status-error-and-pods",
                                   "status-of-loopback", "gc-keeps-valid", "gc-drops-invalid",
                                   "gc-after-leak", "gc-stale-lease", "gc-disabled", "gc-errors"},
                             ","))});
}

TEST_F(Scenarios, ThePluginsOfOneReleaseGoAsKnown) {
  expect_as_known({"run", (data_directory() / "matrix" / "plugins.json").string(), "--containerd",
                   "debian:trixie", "--plugins", "debian:forky"});
}

// With one containerd at each change; with all of them in library_test.cpp.
TEST_F(Scenarios, TheEmbeddedRuntimeAgrees) {
  const auto result = program(with({"verify-embedded", "--containerd", "debian:trixie"}, library));
  if (result.exit_code == k_nothing_executed) {
    GTEST_SKIP() << result.out;
  }
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr(" 0 disagree; "));
}

TEST_F(Scenarios, ErasDifferAsKnown) {
  expect_as_known({"run", (data_directory() / "matrix" / "eras.json").string()});
}

TEST_F(Scenarios, UpgradesKeepPodsAlive) {
  expect_as_known({"run", (data_directory() / "matrix" / "upgrade.json").string()});
}

TEST_F(Scenarios, WhatCannotBeIsRefusedBeforeAnythingStarts) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto refusal = [&](const std::string& rest) {
    const auto file = directory.path() / "asked.json";
    value_or_throw(write_file(file, R"({"id": "asked", "title": "Asked", )" + rest + "}"));
    const auto result =
        program({"run", "--containerd", "debian:bookworm", "--plugins", "debian:bookworm",
                 "--conflist", "bridge-portmap", "--scenario", file.string()});
    EXPECT_EQ(result.exit_code, 2) << result.out;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(split(result.err, '\n').size(), 3U) << result.err;
    return result.err;
  };
  EXPECT_THAT(refusal(R"("steps": [{"step": "remove-plugin", "plugin": "@frist"}])"),
              HasSubstr("/steps/0: \"@frist\" is no role; there are @first"));
  EXPECT_THAT(refusal(R"("chain": ["plugins=2"], "steps": [{"step": "run"}])"),
              HasSubstr("/chain/0: \"plugins=2\" is nothing that a chain can be asked for"));
  EXPECT_THAT(refusal(R"("steps": [{"step": "run"}, {"step": "probe", "probes": ["mut"]}])"),
              HasSubstr("/steps/1: there is no probe \"mut\""));
  EXPECT_THAT(refusal(R"("steps": [{"step": "run"},
                                   {"step": "probe", "probes": ["outside-to-host-port"]}])"),
              HasSubstr("needs a host port"));
  EXPECT_THAT(refusal(R"("trace": ["add-has-dell"], "steps": [{"step": "run"}])"),
              HasSubstr("/trace: there is no rule \"add-has-dell\""));
  EXPECT_THAT(refusal(R"("steps": [{"step": "run"}, {"step": "stop", "pod": "other"}])"),
              HasSubstr("/steps/1: no step before it runs the pod \"other\""));
}

// It is said of the cell, and the others run.
TEST_F(Scenarios, WhatAChainLacksIsASkip) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto skip = [&](const std::string& rest) {
    const auto file = directory.path() / "asked.json";
    value_or_throw(write_file(file, R"({"id": "asked", "title": "Asked", )" + rest + "}"));
    const auto result =
        program({"run", "--containerd", "1.6.20", "--plugins", "debian:bookworm", "--runtime",
                 "embedded", "--conflist", "ptp", "--scenario", file.string()});
    EXPECT_EQ(result.exit_code, k_nothing_executed) << result.out << result.err;
    return result.out;
  };
  EXPECT_THAT(skip(R"("steps": [{"step": "fault", "plugin": "tuning", "do": "exit"},
                                {"step": "run"}])"),
              HasSubstr("the chain has no plugin tuning"));
  EXPECT_THAT(skip(R"("steps": [{"step": "edit-conflist",
                                 "patch": [{"op": "remove", "path": "/plugins/7"}]}])"),
              HasSubstr("the patch does not fit"));
  EXPECT_THAT(skip(R"("steps": [{"step": "delete-link", "link": "<BRIDGE>"}])"),
              HasSubstr("the chain has no bridge"));
  EXPECT_THAT(skip(R"("chain": ["plugins>=2"], "steps": [{"step": "run"}])"),
              HasSubstr("the chain has 1 plugin, and this takes 2"));
}

// No node and no binaries are needed for this.
TEST(ScenarioPage, IsWhatListPrints) {
  const auto result = program({"list", "scenarios", "--format", "markdown"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(value_or_throw(read_file(data_directory() / "scenarios" / "README.md")), result.out)
      << "write it again: cni-matrix list scenarios --format markdown > scenarios/README.md";
}

}  // namespace
}  // namespace cni_matrix
