#include "containerd/runtime.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Programs that stand in for containerd where it does not become what it should.
class Runtime : public testing::Test {
 protected:
  ContainerdOptions options(std::chrono::milliseconds start) const {
    ContainerdOptions result;
    const fs::path folder = m_folder.path();
    result.binaries = folder;
    result.version = Version::parse("1.6.20").value();
    result.root = folder / "root";
    result.state = folder / "state";
    result.socket = folder / "state/s";
    result.config = folder / "config.toml";
    result.log = folder / "log";
    result.timeouts.start = start;
    return result;
  }
  void install(const std::string& script) const {
    value_or_throw(write_file(m_folder.path() / "containerd", "#!/bin/sh\n" + script));
    fs::permissions(m_folder.path() / "containerd", fs::perms(0755));
  }
  TemporaryDirectory m_folder = TemporaryDirectory::create().value();
};

TEST_F(Runtime, ReportsADaemonThatEndsAtOnce) {
  install("echo 'containerd: invalid plugin config' >&2\nexit 1\n");
  const auto started = make_containerd_runtime(options(std::chrono::seconds(20)))->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::broken);
  EXPECT_THAT(started.error().message, HasSubstr("containerd 1.6.20 ended at its start"));
  EXPECT_THAT(started.error().message, HasSubstr("invalid plugin config"));
}

TEST_F(Runtime, TellsARefusedConfigurationFromTrouble) {
  install(
      "echo 'containerd: failed to load TOML from /c.toml: unsupported config version `3`' >&2\n"
      "exit 1\n");
  const auto started = make_containerd_runtime(options(std::chrono::seconds(20)))->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::input);
  EXPECT_EQ(started.error().message, "unsupported config version `3`");
}

// The log goes on where the one of an earlier daemon ended.
TEST_F(Runtime, TakesNoRefusalOfAnEarlierDaemon) {
  value_or_throw(write_file(m_folder.path() / "log",
                            "containerd: failed to load TOML from /c.toml: old news\n"));
  install("echo 'no space left' >&2\nexit 1\n");
  const auto started = make_containerd_runtime(options(std::chrono::seconds(20)))->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::broken);
}

TEST_F(Runtime, ReportsADaemonThatNeverListens) {
  install("echo waiting\nexec sleep 100\n");
  const auto started = make_containerd_runtime(options(std::chrono::milliseconds(200)))->start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("did not open"));
  EXPECT_THAT(started.error().message, HasSubstr("within 200 ms"));
  EXPECT_THAT(started.error().message, HasSubstr("waiting"));
}

TEST_F(Runtime, ReportsAMissingDaemon) {
  const auto started = make_containerd_runtime(options(std::chrono::seconds(1)))->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(started.error().message, HasSubstr("/containerd is not an executable"));
}

TEST_F(Runtime, AnswersUnavailableBeforeItsStart) {
  const auto runtime = make_containerd_runtime(options(std::chrono::seconds(1)));
  EXPECT_EQ(runtime->kind(), "daemon");
  EXPECT_EQ(runtime->run_pod_sandbox({}).error().code, "Unavailable");
  EXPECT_TRUE(runtime->shut_down());
}

}  // namespace
}  // namespace cni_matrix::containerd
