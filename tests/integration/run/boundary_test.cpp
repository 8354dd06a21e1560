// Where nodes can stand, and what a run says of what holds them.

#include "program.hpp"

#include "base/file.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::program;
using testing_support::Words;

class BoundaryOfARun : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    directory = value_or_throw(TemporaryDirectory::create());
    const auto plugins = program({"fetch", "--plugins", "debian:bookworm"});
    if (plugins.exit_code != 0) {
      GTEST_SKIP() << plugins.out << plugins.err;
    }
  }

  [[nodiscard]] Words one_cell() const {
    return {"run",       "--containerd",    "1.6.20",     "--runtime", "embedded",
            "--plugins", "debian:bookworm", "--scenario", "lifecycle", "--cni-version",
            "1.0.0",     "--json",          json_file()};
  }
  [[nodiscard]] std::string json_file() const { return (directory->path() / "run.json").string(); }
  [[nodiscard]] std::string privileges() const {
    return value_or_throw(load_json(json_file())).at("provenance").at("privileges");
  }

  std::optional<TemporaryDirectory> directory;
};

TEST_F(BoundaryOfARun, IsInItsReport) {
  const auto plain = program(one_cell());
  EXPECT_EQ(plain.exit_code, 0) << plain.out << plain.err;
  EXPECT_EQ(privileges(), ::geteuid() == 0 ? "root in a user namespace" : "user namespace");
  EXPECT_THAT(plain.out, HasSubstr("as " + privileges()));
  auto words = one_cell();
  words.emplace_back("--privileged");
  const auto privileged = program(words);
  EXPECT_EQ(privileged.exit_code, 0) << privileged.out << privileged.err;
  EXPECT_EQ(privileges(), ::geteuid() == 0 ? "root, privileged" : "user namespace");
  // Who it does nothing for is told.
  EXPECT_EQ(privileged.err.find("--privileged changes nothing") == std::string::npos,
            ::geteuid() == 0)
      << privileged.err;
}

// A container that has 65,536 ids itself.
TEST_F(BoundaryOfARun, HasTheSameIdsWhereThereAreNoOthers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can map so many ids";
  }
  std::array<int, 2> ready{};
  std::array<int, 2> mapped{};
  ASSERT_EQ(::pipe2(ready.data(), O_CLOEXEC) | ::pipe2(mapped.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char word = 0;
    const bool apart = ::unshare(CLONE_NEWUSER) == 0 && ::write(ready[1], "x", 1) == 1 &&
                       ::read(mapped[0], &word, 1) == 1;
    ::_exit(apart ? program(one_cell()).exit_code : 99);
  }
  char word = 0;
  ::close(ready[1]);
  ASSERT_EQ(::read(ready[0], &word, 1), 1);
  for (const auto* map : {"uid_map", "gid_map"}) {
    value_or_throw(write_file(fmt::format("/proc/{}/{}", child, map), "0 0 65536"));
  }
  ASSERT_EQ(::write(mapped[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(privileges(), "root in a user namespace of the same ids");
}

// A build tree that was moved, and one of whose helper programs is gone: nothing of the place where
// it was built is asked for, and what concerns every cell is said once.
TEST_F(BoundaryOfARun, NeedsItsHelperProgramsBesideIt) {
  const auto tree = directory->path();
  const fs::path built = CNI_MATRIX_PROGRAM;
  fs::create_directories(tree / "build");
  fs::copy(built.parent_path(), tree / "build/bin", fs::copy_options::recursive);
  fs::copy(built.parent_path().parent_path() / "libexec", tree / "build/libexec",
           fs::copy_options::recursive);
  for (const auto* data : {"matrix", "scenarios"}) {
    fs::copy(data_directory() / data, tree / data, fs::copy_options::recursive);
  }
  fs::remove(tree / "build/libexec/pause");
  auto argv = one_cell();
  argv.insert(argv.begin(), (tree / "build/bin/cni-matrix").string());
  argv.insert(argv.end(), {"--repeat", "3"});
  CommandOptions options;
  options.environment = fixed_environment();
  options.environment.push_back("CNI_MATRIX_CACHE=" + cache_directory().string());
  const auto refused = value_or_throw(run_program(argv, options));
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err,
              HasSubstr("the helper program " + (tree / "build/libexec/pause").string() +
                        " cannot be executed"));
  // The last line says it again, and nothing else does.
  EXPECT_EQ(refused.out.find("helper program"), refused.out.rfind("helper program")) << refused.out;
}

}  // namespace
}  // namespace cni_matrix
