#include "embedded/pod_store.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix::embedded {
namespace {

using testing::HasSubstr;

PodRecord example() {
  PodRecord record;
  record.id = "0a";
  record.spec.name = "web";
  record.spec.uid = "u1";
  record.spec.port_mappings = {{"udp", 53, 5353, "127.0.0.1"}};
  record.netns = "/var/run/netns/cni-1";
  record.ips = {"10.88.0.2", "2001:db8::2"};
  record.has_result = true;
  record.running = true;
  record.shim = 3;
  return record;
}

class PodStoreTest : public testing::Test {
 protected:
  TemporaryDirectory m_directory = std::move(TemporaryDirectory::create().value());
  std::filesystem::path m_state = m_directory.path() / "state";
  std::filesystem::path m_tasks = m_directory.path() / "run";
};

TEST_F(PodStoreTest, IsEmptyAtFirst) {
  EXPECT_TRUE(PodStore(m_state, m_tasks).load()->empty());
}

TEST_F(PodStoreTest, GivesBackWhatWasSaved) {
  ASSERT_TRUE(PodStore(m_state, m_tasks).save(example()));
  const auto records = PodStore(m_state, m_tasks).load();
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(to_json(records->at("0a")), to_json(example()));
  EXPECT_EQ(records->at("0a").full_name(), "web_default_u1_0");
  EXPECT_TRUE(records->at("0a").running);
  EXPECT_EQ(records->at("0a").shim, 3);
}

TEST_F(PodStoreTest, EndOfTheTaskKeepsTheRest) {
  PodStore store(m_state, m_tasks);
  ASSERT_TRUE(store.save(example()));
  ASSERT_TRUE(store.save_end("0a"));
  const auto records = PodStore(m_state, m_tasks).load();
  EXPECT_EQ(to_json(records->at("0a")), to_json(example()));
  EXPECT_FALSE(records->at("0a").running);
}

TEST_F(PodStoreTest, AfterARebootNoTaskRuns) {
  ASSERT_TRUE(PodStore(m_state, m_tasks).save(example()));
  std::filesystem::remove_all(m_tasks);
  EXPECT_FALSE(PodStore(m_state, m_tasks).load()->at("0a").running);
}

TEST_F(PodStoreTest, ErasesOne) {
  PodStore store(m_state, m_tasks);
  ASSERT_TRUE(store.save(example()));
  ASSERT_TRUE(store.erase("other"));
  EXPECT_EQ(PodStore(m_state, m_tasks).load()->size(), 1U);
  ASSERT_TRUE(store.erase("0a"));
  EXPECT_TRUE(PodStore(m_state, m_tasks).load()->empty());
}

TEST_F(PodStoreTest, NamesTheFileThatIsBroken) {
  std::filesystem::create_directory(m_state);
  ASSERT_TRUE(write_file(m_state / "pods.json", R"([{"id": 1}])"));
  const auto records = PodStore(m_state, m_tasks).load();
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().message, HasSubstr("pods.json"));
}

}  // namespace
}  // namespace cni_matrix::embedded
