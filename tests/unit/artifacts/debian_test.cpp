#include "base/file.hpp"

#include <gmock/gmock.h>

#include <artifacts/debian.hpp>

namespace cni_matrix::artifacts {
namespace {

TEST(UpstreamVersionTest, DropsWhatDebianAdds) {
  const std::pair<const char*, const char*> cases[] = {
      {"1.6.20~ds1-1+deb12u3", "1.6.20"},
      {"1.4.13~ds1-1~deb11u6", "1.4.13"},
      {"2.1.9+ds1-5", "2.1.9"},
      {"0.9.0-1+b6", "0.9.0"},
      {"1.0.0~rc93+ds1-5+deb11u5", "1.0.0-rc93"},
      {"1:1.2.3-4", "1.2.3"},
  };
  for (const auto& [debian, upstream] : cases) {
    const auto version = upstream_version(debian);
    ASSERT_TRUE(version) << debian;
    EXPECT_EQ(version->str(), upstream) << debian;
  }
  EXPECT_FALSE(upstream_version("unknown"));
}

class HostArchivesTest : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories(m_directory.path() / "sources.list.d");
    ASSERT_TRUE(write_file(m_directory.path() / name, text));
  }
  TemporaryDirectory m_directory = *TemporaryDirectory::create();
};

TEST_F(HostArchivesTest, OneLineStyle) {
  write("sources.list",
        "# deb http://old.example/debian bookworm main\n"
        "deb-src http://src.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/x.gpg] http://a.example/debian bookworm main contrib\n"
        "deb http://s.example/debian-security bookworm-security main\n");
  const auto archives = host_archives(m_directory.path());
  EXPECT_EQ(archives.main, "http://a.example/debian");
  EXPECT_EQ(archives.security, "http://s.example/debian-security");
}

TEST_F(HostArchivesTest, Deb822Style) {
  write("sources.list.d/a.sources",
        "Types: deb\nURIs: https://deb.example/node\nSuites: nodistro\nComponents: main\n");
  write("sources.list.d/b.sources",
        "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: trixie\n\n"
        "Types: deb deb-src\n# a comment\nURIs:\n http://on.example/debian\n"
        "Suites: trixie trixie-updates\nComponents: main\n\n"
        "Types: deb\nuris: http://sec.example/s\nSuites: trixie-security\n");
  const auto archives = host_archives(m_directory.path());
  EXPECT_EQ(archives.main, "http://on.example/debian");
  EXPECT_EQ(archives.security, "http://sec.example/s");
}

TEST_F(HostArchivesTest, OtherDistributionsHaveNone) {
  write("sources.list.d/ubuntu.sources",
        "Types: deb\nURIs: http://archive.example/ubuntu\nSuites: noble noble-security\n");
  EXPECT_EQ(host_archives(m_directory.path()).main, "");
  EXPECT_EQ(host_archives(m_directory.path() / "missing").main, "");
}

TEST(SuiteIndexTest, ComesBackAsSaved) {
  const auto directory = *TemporaryDirectory::create();
  const auto file = directory.path() / "suite.json";
  EXPECT_FALSE(SuiteIndex::load(file));
  SuiteIndex index;
  index.rolling = true;
  index.read_at = std::chrono::system_clock::from_time_t(1'700'000'000);
  index.packages[Component::plugins] = {"1.1.1+ds1-3+b5", std::string(64, 'b'),
                                        "golang-dbus (= 5.1.0-1)"};
  ASSERT_TRUE(index.save(file));
  const auto loaded = SuiteIndex::load(file);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->rolling);
  EXPECT_EQ(loaded->read_at, index.read_at);
  ASSERT_EQ(loaded->packages.count(Component::plugins), 1U);
  EXPECT_EQ(loaded->packages.at(Component::plugins).version, "1.1.1+ds1-3+b5");
  EXPECT_EQ(loaded->packages.at(Component::plugins).built_using, "golang-dbus (= 5.1.0-1)");
  ASSERT_TRUE(write_file(file, "{ damaged"));
  EXPECT_FALSE(SuiteIndex::load(file));
}

}  // namespace
}  // namespace cni_matrix::artifacts
