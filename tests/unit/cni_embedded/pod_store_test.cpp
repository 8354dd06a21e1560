#include "pod_store.hpp"

#include <cni_matrix/base/file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix::cni {
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
  return record;
}

class PodStoreTest : public testing::Test {
 protected:
  TemporaryDirectory m_directory = std::move(TemporaryDirectory::create().value());
  std::filesystem::path m_state = m_directory.path() / "state";
};

TEST_F(PodStoreTest, IsEmptyAtFirst) {
  EXPECT_TRUE(PodStore(m_state).load()->empty());
}

TEST_F(PodStoreTest, GivesBackWhatWasSaved) {
  ASSERT_TRUE(PodStore(m_state).save(example()));
  const auto records = PodStore(m_state).load();
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(to_json(records->at("0a")), to_json(example()));
  EXPECT_EQ(records->at("0a").full_name(), "web_default_u1_0");
}

TEST_F(PodStoreTest, EndOfTheTaskKeepsTheRest) {
  PodStore store(m_state);
  ASSERT_TRUE(store.save(example()));
  ASSERT_TRUE(store.save_end("0a"));
  auto expected = example();
  expected.running = false;
  EXPECT_EQ(to_json(PodStore(m_state).load()->at("0a")), to_json(expected));
}

TEST_F(PodStoreTest, ErasesOne) {
  PodStore store(m_state);
  ASSERT_TRUE(store.save(example()));
  ASSERT_TRUE(store.erase("other"));
  EXPECT_EQ(PodStore(m_state).load()->size(), 1U);
  ASSERT_TRUE(store.erase("0a"));
  EXPECT_TRUE(PodStore(m_state).load()->empty());
}

TEST_F(PodStoreTest, NamesTheFileThatIsBroken) {
  std::filesystem::create_directory(m_state);
  ASSERT_TRUE(write_file(m_state / "pods.json", R"([{"id": 1}])"));
  const auto records = PodStore(m_state).load();
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().message, HasSubstr("pods.json"));
}

}  // namespace
}  // namespace cni_matrix::cni
