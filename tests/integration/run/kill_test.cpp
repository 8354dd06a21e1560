// Whatever is killed, and whenever: nothing of ours is left on the host.

#include "host_state.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/process.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include <unistd.h>

namespace cni_matrix {
namespace {

using namespace std::chrono_literals;
using testing_support::host_state;
using testing_support::none_left;
using testing_support::our_processes;
namespace fs = std::filesystem;

class Kill : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    if (!our_processes().empty()) {
      GTEST_SKIP() << "other runs of cni-matrix are under way on this machine";
    }
    directory = value_or_throw(TemporaryDirectory::create());
    fs::permissions(directory->path(), fs::perms::all | fs::perms::sticky_bit);
    fs::create_directory(directory->path() / "tmp");
    fs::permissions(directory->path() / "tmp", fs::perms::all);
    // Fill the store before, so that cells run at once.
    const auto warm = value_or_throw(run_program(command("1"), options()));
    if (warm.exit_code == 4) {
      GTEST_SKIP() << "the binaries cannot be had here: " << warm.out << warm.err;
    }
    ASSERT_EQ(warm.exit_code, 0) << warm.out << warm.err;
  }

  static CommandOptions options() {
    CommandOptions options;
    options.timeout = 300'000ms;
    return options;
  }

  // As root, or as nobody in a user namespace, who gets a cache of its own.
  std::vector<std::string> command(const std::string& repeat) const {
    std::vector<std::string> argv;
    if (GetParam() == "user" && ::geteuid() == 0) {
      argv = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    }
    for (const auto& word :
         {std::string("env"), "TMPDIR=" + (directory->path() / "tmp").string(),
          "CNI_MATRIX_CACHE=" + (directory->path() / "cache").string(),
          std::string("PATH=") + std::string(k_system_path), std::string(CNI_MATRIX_PROGRAM),
          std::string("run"), std::string("--containerd"), std::string("debian:bookworm,1.6.4"),
          std::string("--plugins"), std::string("debian:bookworm"), std::string("--cni-version"),
          std::string("1.0.0"), std::string("--repeat"), repeat, std::string("--quiet"),
          std::string("--json"), cells().string()}) {
      argv.push_back(word);
    }
    return argv;
  }

  [[nodiscard]] std::filesystem::path cells() const { return directory->path() / "cells.json"; }

  std::optional<TemporaryDirectory> directory;
};

TEST_P(Kill, OfTheHarnessLeavesNothing) {
  const auto before = host_state();
  std::mt19937 random(20);  // NOLINT(cert-msc51-cpp): the same moments each time, more or less
  for (int i = 0; i < 20; ++i) {
    auto run = value_or_throw(
        BackgroundProcess::start(command("1000"), fixed_environment(), directory->path() / "log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1200));
    run.signal(SIGKILL);
    ASSERT_TRUE(run.wait(10s));
    ASSERT_TRUE(none_left()) << our_processes().front().second;
  }
  EXPECT_EQ(host_state(), before);
  EXPECT_TRUE(fs::is_empty(directory->path() / "tmp"));
}

TEST_P(Kill, OfANodesProcessesLeavesNothing) {
  const auto before = host_state();
  fs::remove(cells());  // of the run before
  auto run = value_or_throw(
      BackgroundProcess::start(command("1000"), fixed_environment(), directory->path() / "log"));
  // A process of what is prepared before the first cell ends the run with it.
  for (int i = 0; i < 600 && read_file(cells()).value_or("").find("verdict") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(100ms);
  }
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
  int killed = 0;
  for (int i = 0; i < 400 && killed < 30 && run.running(); ++i) {
    auto processes = our_processes();
    std::erase_if(processes, [&](const auto& process) { return process.second == "cni-matrix"; });
    if (!processes.empty()) {
      ::kill(processes[random() % processes.size()].first, SIGKILL);
      ++killed;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
  }
  EXPECT_EQ(killed, 30);
  EXPECT_TRUE(run.running()) << read_file(directory->path() / "log").value_or("");
  run.signal(SIGTERM);
  ASSERT_TRUE(run.wait(20s));
  ASSERT_TRUE(none_left());
  EXPECT_EQ(host_state(), before);
  EXPECT_TRUE(fs::is_empty(directory->path() / "tmp"));
}

INSTANTIATE_TEST_SUITE_P(As, Kill, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

TEST(Interrupt, ReportsWhatIsDone) {
  if (const auto privileges = node::check_privileges(); !privileges) {
    GTEST_SKIP() << privileges.error().message;
  }
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto log = directory.path() / "log";
  auto run = value_or_throw(BackgroundProcess::start(
      {CNI_MATRIX_PROGRAM, "run", "--containerd", "1.6.4", "--plugins", "debian:bookworm",
       "--repeat", "1000", "--verbose"},
      {"PATH=" + std::string(k_system_path), "HOME=/root", "LANG=C.UTF-8"}, log));
  for (int i = 0; i < 6000 && read_file(log).value_or("").find("pass") == std::string::npos; ++i) {
    std::this_thread::sleep_for(10ms);
    if (!run.running()) {
      GTEST_SKIP() << read_file(log).value_or("");
    }
  }
  run.signal(SIGINT);
  ASSERT_TRUE(run.wait(20s));
  EXPECT_NE(read_file(log).value_or("").find("exit 130"), std::string::npos)
      << read_file(log).value_or("");
}

}  // namespace
}  // namespace cni_matrix
