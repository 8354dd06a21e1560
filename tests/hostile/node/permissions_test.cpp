// What the caller can read and execute, the node can too: walls do not lock out what they hold.

#include "host.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::hostile_tests {
namespace {

namespace fs = std::filesystem;

class Permissions : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(GetParam())) {
      GTEST_SKIP() << *reason;
    }
    host.emplace(GetParam());
  }

  // Only the owner may read, write and execute, folder and files.
  void lock(uid_t owner) const {
    const fs::path folder = host->target().plugins;
    for (const auto& file : fs::directory_iterator(folder)) {
      ASSERT_EQ(::lchown(file.path().c_str(), owner, owner), 0);
      ASSERT_EQ(::chmod(file.path().c_str(), 0700), 0);
    }
    ASSERT_EQ(::lchown(folder.c_str(), owner, owner), 0);
    ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
  }

  void expect_pass() const {
    CommandResult said;
    const auto run = host->run_plugin("nothing", {}, &said);
    ASSERT_TRUE(run.is_object() && !run.at("cells").empty()) << said.out << said.err;
    const auto& cell = run.at("cells").front();
    EXPECT_EQ(cell.at("verdict"), "pass") << cell.dump(1).substr(0, 3000);
    EXPECT_NE(said_on_add(cell), "") << "the plugin was not called";
  }

  std::optional<Host> host;
};

TEST_P(Permissions, OfBinariesThatOnlyTheCallerMayExecute) {
  lock(host->uid());
  expect_pass();
}

TEST_P(Permissions, OfBinariesOfAnotherUser) {
  if (GetParam() != "root") {
    GTEST_SKIP() << "an ordinary user may not execute them outside a node either";
  }
  lock(k_nobody);
  expect_pass();
}

INSTANTIATE_TEST_SUITE_P(As, Permissions, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix::hostile_tests
