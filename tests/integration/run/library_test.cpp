// The whole scenario library with the real binaries of all of Debian's suites, on both runtimes.
// It takes long, so only `ci/test --full` runs it; scenarios_test.cpp has a selection.

#include "program.hpp"

#include "node/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

using testing_support::program;
using testing_support::Words;

constexpr const char* k_containerds = "debian:bullseye,debian:bookworm,debian:trixie,debian:forky";
constexpr const char* k_plugins = "debian:bullseye,debian:bookworm,debian:forky";

class Library : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }

  static CommandResult every_scenario(const std::string& command, const std::string& cni_versions) {
    return program({command, "--containerd", k_containerds, "--plugins", k_plugins, "--conflist",
                    "bridge-portmap", "--cni-version", cni_versions, "--all-scenarios"});
  }
  static void expect_as_known(const CommandResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  }
  static std::string matrix(const std::string& name) {
    return (data_directory() / "matrix" / name).string();
  }
};

TEST_F(Library, GoesAsTheKnownBehavioursSay) {
  expect_as_known(every_scenario("run", "0.4.0"));
}

TEST_F(Library, GoesSoWithVersionsThatPodsCannotStartOrStopWith) {
  expect_as_known(every_scenario("run", "none,1.0.0"));
}

TEST_F(Library, GoesTheSameWayOnTheEmbeddedRuntime) {
  const auto result = every_scenario("verify-embedded", "0.4.0");
  expect_as_known(result);
  EXPECT_THAT(result.out, testing::HasSubstr(" 0 disagree; "));
}

TEST_F(Library, EveryVersionDoes) {
  expect_as_known(program({"run", matrix("versions.json")}));
}

TEST_F(Library, TheListsThatPeopleRunDo) {
  expect_as_known(program({"run", matrix("chains.json")}));
}

TEST_F(Library, EveryPluginDoes) {
  expect_as_known(program({"run", matrix("plugins.json")}));
}

}  // namespace
}  // namespace cni_matrix
