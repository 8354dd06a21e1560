#include "embedded/configuration_watch.hpp"

#include "base/file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace cni_matrix::embedded {
namespace {

class ConfigurationWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(m_conf);
    ASSERT_TRUE(write_file(m_conf / "10-net.conflist", "{}"));
    auto watch = ConfigurationWatch::open(m_conf);
    ASSERT_TRUE(watch) << watch.error().message;
    m_watch.emplace(std::move(*watch));
  }

  TemporaryDirectory m_directory = std::move(TemporaryDirectory::create().value());
  std::filesystem::path m_conf = m_directory.path() / "net.d";
  std::optional<ConfigurationWatch> m_watch;
};

TEST_F(ConfigurationWatchTest, SeesNothingWhenNothingIsDone) {
  EXPECT_FALSE(m_watch->take().change);
}

TEST_F(ConfigurationWatchTest, SeesAnEditInPlaceOnce) {
  ASSERT_TRUE(write_file(m_conf / "10-net.conflist", "{ }"));
  EXPECT_TRUE(m_watch->take().change);
  EXPECT_FALSE(m_watch->take().change);
}

TEST_F(ConfigurationWatchTest, SeesAFileWrittenAnew) {
  ASSERT_TRUE(write_file(m_conf / "20-net.conflist", "{}"));
  EXPECT_TRUE(m_watch->take().change);
}

TEST_F(ConfigurationWatchTest, DoesNotSeeAFileMovedIn) {
  const auto other = m_directory.path() / "new.conflist";
  ASSERT_TRUE(write_file(other, "{ }"));
  std::filesystem::rename(other, m_conf / "10-net.conflist");
  EXPECT_FALSE(m_watch->take().change);
}

TEST_F(ConfigurationWatchTest, SeesARenameInsideTheDirectory) {
  std::filesystem::rename(m_conf / "10-net.conflist", m_conf / "05-net.conflist");
  EXPECT_TRUE(m_watch->take().change);
}

TEST_F(ConfigurationWatchTest, SeesARemoval) {
  std::filesystem::remove(m_conf / "10-net.conflist");
  const auto seen = m_watch->take();
  EXPECT_TRUE(seen.change);
  EXPECT_FALSE(seen.directory_removed);
}

TEST_F(ConfigurationWatchTest, SeesTheDirectoryGo) {
  std::filesystem::remove_all(m_conf);
  EXPECT_TRUE(m_watch->take().directory_removed);
}

}  // namespace
}  // namespace cni_matrix::embedded
