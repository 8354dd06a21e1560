// The cache is ours alone, or it is refused: whoever may write to it chooses what we run.

#include "host.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::hostile_tests {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(GetParam())) {
      GTEST_SKIP() << *reason;
    }
    host.emplace(GetParam());
  }

  // One sentence and exit status 2, and nothing was run.
  void expect_refused(const std::string& what) const {
    CommandResult said;
    const auto run = host->run_plugin("nothing", {}, &said);
    EXPECT_EQ(said.exit_code, 2) << what << ": " << said.out << said.err;
    EXPECT_TRUE(said.err.starts_with("cni-matrix: ")) << what << ": " << said.err;
    EXPECT_NE(said.err.find((host->folder() / "cache").string()), std::string::npos)
        << what << ": " << said.err;
    EXPECT_FALSE(run.is_object() && !run.value("cells", nlohmann::json::array()).empty()) << what;
  }

  [[nodiscard]] fs::path cache() const { return host->folder() / "cache"; }

  std::optional<Host> host;
};

TEST_P(Cache, ThatIsOurs) {
  CommandResult said;
  const auto run = host->run_plugin("nothing", {}, &said);
  EXPECT_EQ(said.exit_code, 0) << said.out << said.err;
}

TEST_P(Cache, ThatItsGroupMayWrite) {
  ASSERT_EQ(::chmod(cache().c_str(), 0775), 0);
  expect_refused("group-writable");
}

TEST_P(Cache, ThatAllMayWrite) {
  ASSERT_EQ(::chmod(cache().c_str(), 0777), 0);
  expect_refused("world-writable");
  ASSERT_EQ(::chmod(cache().c_str(), 01777), 0);
  expect_refused("world-writable and sticky");
}

// They could put another in its place.
TEST_P(Cache, WhoseParentAllMayWrite) {
  ASSERT_EQ(::chmod(host->folder().c_str(), 0777), 0);
  expect_refused("in a world-writable directory");
  ASSERT_EQ(::chmod(host->folder().c_str(), 0755), 0);
  CommandResult said;
  static_cast<void>(host->run_plugin("nothing", {}, &said));
  EXPECT_EQ(said.exit_code, 0) << said.out << said.err;
}

TEST_P(Cache, WhoseStoreAllMayWrite) {
  CommandResult said;
  static_cast<void>(host->run_plugin("nothing", {}, &said));
  ASSERT_EQ(said.exit_code, 0) << said.out << said.err;
  for (const auto* name : {"store", "index", "locks", "tmp"}) {
    if (fs::exists(cache() / name)) {
      ASSERT_EQ(::chmod((cache() / name).c_str(), 0777), 0);
      expect_refused(name);
      ASSERT_EQ(::chmod((cache() / name).c_str(), 0755), 0);
    }
  }
}

TEST_P(Cache, ThatIsAnotherUsers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give it away";
  }
  const uid_t other = host->uid() == 0 ? k_nobody : 12345;
  // So that what refuses it is not that it cannot be written to.
  ASSERT_EQ(::chmod(cache().c_str(), host->uid() == 0 ? 0755 : 0777), 0);
  ASSERT_EQ(::chown(cache().c_str(), other, other), 0);
  expect_refused("another user's");
}

TEST_P(Cache, ThatIsALink) {
  const auto elsewhere = host->own_folder("elsewhere");
  fs::remove(cache());
  fs::create_symlink(elsewhere, cache());
  host->give(cache());
  ASSERT_EQ(::chmod(elsewhere.c_str(), 0777), 0);
  expect_refused("a link to what all may write");
}

// A hook of apt's in a private apt root would be run by apt, as us.
TEST_P(Cache, WithAPlantedHookOfApt) {
  const auto mark = host->own_folder("marks") / "apt-was-here";
  const auto hook = fmt::format(
      "APT::Update::Pre-Invoke {{\"touch {0}\";}};\n"
      "APT::Update::Post-Invoke {{\"touch {0}\";}};\n",
      mark.string());
  static_cast<void>(host->own_folder("cache/apt"));
  for (const auto* suite : {"bookworm", "debian-bookworm", "debian_bookworm"}) {
    const auto root = std::string("cache/apt/") + suite;
    for (const auto* folder : {"", "/etc", "/etc/apt.conf.d", "/etc/apt", "/etc/apt/apt.conf.d"}) {
      static_cast<void>(host->own_folder(root + folder));
    }
    static_cast<void>(host->own_file(root + "/etc/apt/apt.conf.d/99hook", hook));
    static_cast<void>(host->own_file(root + "/etc/apt.conf.d/99hook", hook));
  }
  // Nobody answers there; the hook would have run before that.
  const auto said = host->run({CNI_MATRIX_PROGRAM, "fetch", "--containerd", "debian:bookworm",
                               "--debian-mirror", "http://127.0.0.1:9/debian"});
  EXPECT_FALSE(fs::exists(mark)) << said.out << said.err;
}

INSTANTIATE_TEST_SUITE_P(As, Cache, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix::hostile_tests
