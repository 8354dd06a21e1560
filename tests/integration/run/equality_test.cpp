// What may not change an outcome: the recorder, and what we know of versions.

#include "program.hpp"

#include "base/file.hpp"
#include "node/node.hpp"
#include "verdict/normalise.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <gtest/gtest.h>

#include <map>

#include <unistd.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;

using Steps = std::map<std::string, std::vector<std::string>>;  // by the cell's name

// The steps of every cell, as the program's own JSON report tells them.
Steps steps_of_run(const std::vector<std::string>& arguments, const std::string& data = {}) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto file = directory.path() / "run.json";
  testing_support::Words words = {"run", "--json", file.string(), "--quiet"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto result = testing_support::program(
      words,
      data.empty() ? testing_support::Words{} : testing_support::Words{"CNI_MATRIX_DATA=" + data});
  const auto run = value_or_throw(load_json(file));
  Steps steps;
  for (const auto& cell : run.at("cells")) {
    auto& lines = steps[cell.at("cell").at("name").get<std::string>()];
    for (const auto& step : cell.value("steps", Json::array())) {
      lines.push_back(step.at("step").get<std::string>() + ": " +
                      verdict::normalise_error(step.value("error", "")));
    }
  }
  EXPECT_FALSE(steps.empty()) << result.out << result.err;
  return steps;
}

bool any_step(const Steps& steps) {
  for (const auto& [cell, lines] : steps) {
    if (!lines.empty()) {
      return true;
    }
  }
  return false;
}

class Equality : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }
};

TEST_F(Equality, RecorderChangesNoOutcome) {
  const std::vector<std::string> cells = {"--containerd",  "debian:bullseye,debian:forky,1.6.2",
                                          "--plugins",     "debian:bullseye,debian:bookworm",
                                          "--cni-version", "none,1.0.0"};
  auto without = cells;
  without.emplace_back("--no-record");
  const auto recorded = steps_of_run(cells);
  if (!any_step(recorded)) {
    GTEST_SKIP() << "the binaries cannot be had here";
  }
  EXPECT_EQ(recorded, steps_of_run(without));
}

// Every kind of thing that a cell does to a node, in nodes with walls and in privileged ones.
TEST_F(Equality, WallsChangeNoOutcome) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "an ordinary user's nodes always have walls";
  }
  const std::vector<std::string> cells = {
      "--containerd",
      "debian:bullseye,debian:forky",
      "--plugins",
      "debian:bookworm",
      "--cni-version",
      "0.4.0",
      "--conflist",
      "bridge-portmap",
      "--scenario",
      "lifecycle,restart-runtime,netns-gone,many-pods,node-rebooted,shim-killed,pause-killed,"
      "runtime-killed-in-add,add-hangs,disk-full-ipam,iptables-backend-changed,check-link-down,"
      "config-moved-in"};
  auto privileged = cells;
  privileged.emplace_back("--privileged");
  const auto held = steps_of_run(cells);
  if (!any_step(held)) {
    GTEST_SKIP() << "the binaries cannot be had here";
  }
  EXPECT_EQ(held, steps_of_run(privileged));
}

TEST_F(Equality, EmbeddedRuntimeKnowsNoOutcomes) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  fs::copy(data_directory() / "matrix", directory.path() / "matrix", fs::copy_options::recursive);
  fs::copy(data_directory() / "scenarios", directory.path() / "scenarios",
           fs::copy_options::recursive);
  ASSERT_GT(fs::remove_all(directory.path() / "matrix" / "known-behaviours"), 0U);
  const std::vector<std::string> cells = {"--containerd",  "1.4.13,1.6.2,1.6.20,1.7.24,2.1.9",
                                          "--plugins",     "debian:bullseye,debian:bookworm",
                                          "--cni-version", "none,0.4.0,1.0.0,abc",
                                          "--runtime",     "embedded"};
  const auto with = steps_of_run(cells);
  if (!any_step(with)) {
    GTEST_SKIP() << "the plugins cannot be had here";
  }
  EXPECT_EQ(with, steps_of_run(cells, directory.path().string()));
}

}  // namespace
}  // namespace cni_matrix
