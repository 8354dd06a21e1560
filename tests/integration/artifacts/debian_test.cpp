#include "base/digest.hpp"
#include "base/file.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::artifacts {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class DebianTest : public testing::Test {
 protected:
  void SetUp() override {
    if (find_program("apt-get").empty()) {
      GTEST_SKIP() << "there is no apt-get on this machine";
    }
    if (!fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg")) {
      GTEST_SKIP() << "debian-archive-keyring is not installed";
    }
    m_options.progress = [this](std::string_view text) { m_progress.emplace_back(text); };
    m_options.notice = [this](std::string_view text) { m_notices.emplace_back(text); };
  }
  Expected<Artifact> ensure(Component component, const std::string& token) {
    auto provisioner = Provisioner::open(m_cache, m_options);
    return provisioner ? provisioner->ensure(component, token)
                       : Expected<Artifact>(tl::unexpected(provisioner.error()));
  }

  TemporaryDirectory m_directory = *TemporaryDirectory::create();
  fs::path m_cache = m_directory.path() / "cache";
  FetchOptions m_options;
  std::vector<std::string> m_progress;
  std::vector<std::string> m_notices;
};

TEST_F(DebianTest, AnUnsignedArchiveIsRefused) {
  const auto suite = m_directory.path() / "debian" / "dists" / "bookworm";
  for (const char* architecture : {"amd64", "arm64"}) {
    const auto directory = suite / "main" / fmt::format("binary-{}", architecture);
    fs::create_directories(directory);
    ASSERT_TRUE(write_file(directory / "Packages", ""));
  }
  ASSERT_TRUE(write_file(
      suite / "Release",
      fmt::format("Origin: Debian\nSuite: stable\nCodename: bookworm\nComponents: main\n"
                  "Architectures: amd64 arm64\nDate: Sat, 12 Sep 2020 09:27:08 UTC\nSHA256:\n"
                  " {0} 0 main/binary-amd64/Packages\n {0} 0 main/binary-arm64/Packages\n",
                  sha256(""))));
  m_options.debian_mirror = "file:" + (m_directory.path() / "debian").string();
  const auto artifact = ensure(Component::plugins, "debian:bookworm");
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(artifact.error().message,
              AllOf(HasSubstr("Debian bookworm cannot be had"), HasSubstr("is not signed")));
  EXPECT_TRUE(fs::is_empty(m_cache / "store"));
  EXPECT_TRUE(fs::is_empty(m_cache / "apt"));
}

TEST_F(DebianTest, AMirrorWithoutTheSuiteSkipsIt) {
  fs::create_directories(m_directory.path() / "debian");
  m_options.debian_mirror = "file:" + (m_directory.path() / "debian").string();
  const auto artifact = ensure(Component::containerd, "debian:trixie");
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(artifact.error().message, HasSubstr("does not have a Release file"));
  // It is not asked again within the hour, but another mirror is.
  m_progress.clear();
  EXPECT_THAT(ensure(Component::containerd, "debian:trixie").error().message,
              HasSubstr("--refresh tries again"));
  EXPECT_TRUE(m_progress.empty());
  m_options.debian_mirror += "/";
  m_options.debian_mirror += "other";
  EXPECT_FALSE(ensure(Component::containerd, "debian:trixie"));
  EXPECT_FALSE(m_progress.empty());
}

TEST_F(DebianTest, OfflineWithoutAnIndex) {
  m_options.offline = true;
  const auto artifact = ensure(Component::containerd, "debian:bookworm");
  ASSERT_FALSE(artifact);
  EXPECT_EQ(artifact.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(artifact.error().message, HasSubstr("--offline forbids"));
  EXPECT_TRUE(m_progress.empty());
}

// The real archive, as the host's apt configuration names it.
TEST_F(DebianTest, APackageOfTheRealArchive) {
  const auto artifact = ensure(Component::plugins, "debian:bookworm");
  if (!artifact && artifact.error().kind == ErrorKind::unavailable) {
    GTEST_SKIP() << artifact.error().message;
  }
  ASSERT_TRUE(artifact) << artifact.error().message;
  EXPECT_EQ(artifact->provider, "debian");
  EXPECT_EQ(artifact->version.str(), "1.1.1");
  EXPECT_THAT(artifact->package_version, testing::StartsWith("1.1.1+ds1-"));
  EXPECT_TRUE(artifact->binaries.contains("bridge"));
  EXPECT_EQ(*sha256_file(artifact->directory / "bridge"), artifact->binaries.at("bridge"));
  EXPECT_TRUE(fs::is_empty(m_cache / "tmp"));

  // From now on neither apt nor the network is needed.
  fs::remove_all(m_cache / "apt");
  m_progress.clear();
  m_options.offline = true;
  const auto again = ensure(Component::plugins, "debian:bookworm");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->sha256, artifact->sha256);
  EXPECT_TRUE(m_progress.empty());

  // Its binaries list no modules; the index does, and a copy is known by its digests.
  ASSERT_TRUE(artifact->built_with);
  EXPECT_EQ(artifact->built_with->at("github.com/coreos/go-iptables"), "0.6.0");
  EXPECT_EQ(again->built_with, artifact->built_with);
  const auto copy =
      ensure(Component::plugins, fmt::format("dir:{}@1.1.1", artifact->directory.string()));
  ASSERT_TRUE(copy) << copy.error().message;
  if (artifact->package_version != "1.1.1+ds1-3+b5") {
    GTEST_SKIP() << "matrix/builds.json does not know " << artifact->package_version << " yet";
  }
  ASSERT_TRUE(copy->built_with);
  EXPECT_EQ(*copy->built_with, *artifact->built_with);
}

}  // namespace
}  // namespace cni_matrix::artifacts
