#include "scenario/configuration_files.hpp"

#include "base/file.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::scenario {
namespace {

namespace fs = std::filesystem;

class ConfigurationFiles : public testing::Test {
 protected:
  void write(const std::string& text, const std::string& how) const {
    const auto written = write_config(m_conf, "10-net.conflist", text, how);
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(value_or_throw(read_file(m_file)), text) << how;
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(m_conf), fs::directory_iterator()));
  }

  TemporaryDirectory m_folder = TemporaryDirectory::create().value();
  fs::path m_conf = m_folder.path() / "net.d";
  fs::path m_file = m_conf / "10-net.conflist";
};

TEST_F(ConfigurationFiles, AreWrittenInPlaceOrAnew) {
  write("one", "write");
  const auto hard_link = m_folder.path() / "same";
  fs::create_hard_link(m_file, hard_link);
  write("two", "write");
  EXPECT_EQ(value_or_throw(read_file(hard_link)), "two");
  write("three", "rename");
  EXPECT_EQ(value_or_throw(read_file(hard_link)), "two");
  EXPECT_EQ(entries(), 1U);
}

// As in the volume that kubelet makes of a ConfigMap.
TEST_F(ConfigurationFiles, AreSwappedAsAConfigMap) {
  write("one", "configmap");
  EXPECT_EQ(fs::read_symlink(m_file), "..data/10-net.conflist");
  const auto first = fs::read_symlink(m_conf / "..data");
  write("two", "configmap");
  EXPECT_NE(fs::read_symlink(m_conf / "..data"), first);
  EXPECT_FALSE(fs::exists(m_conf / first));
  EXPECT_EQ(entries(), 3U);
}

TEST_F(ConfigurationFiles, AreStormedWithoutAChange) {
  write("one", "write");
  {
    const ReloadStorm storm(m_conf);
    for (int i = 0; i < 1000 && entries() < 2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(entries(), 2U);
  }
  EXPECT_EQ(entries(), 1U);
  EXPECT_EQ(value_or_throw(read_file(m_file)), "one");
}

TEST_F(ConfigurationFiles, GoAndComeWithTheirDirectory) {
  write("one", "write");
  EXPECT_TRUE(value_or_throw(remove_config(m_conf, "10-net.conflist")));
  EXPECT_FALSE(value_or_throw(remove_config(m_conf, "10-net.conflist")));
  ASSERT_TRUE(remove_config_directory(m_conf));
  EXPECT_FALSE(fs::exists(m_conf));
  ASSERT_TRUE(make_config_directory(m_conf));
  EXPECT_EQ(entries(), 0U);
}

}  // namespace
}  // namespace cni_matrix::scenario
