// Every row that was observed with a real containerd must come out of the embedded runtime as well:
// the same steps and errors, the same leftovers, the same readiness. Real plugins, as root.
#include "driver.hpp"
#include "outcome.hpp"
#include "scratch_node.hpp"
#include "test_plugins.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

namespace cni_matrix::test {
namespace {

class ObservedOutcomes : public testing::TestWithParam<const char*> {};

TEST_P(ObservedOutcomes, ComeOutOfTheEmbeddedRuntime) {
  const TestPlugins plugins = find_test_plugins();
  if (!plugins.obstacle.empty()) {
    GTEST_SKIP() << plugins.obstacle;
  }
  const char* only = std::getenv("CNI_MATRIX_TEST_ROWS");  // a part of titles, to look at few rows
  const std::vector<Json> rows = observed_rows();
  std::vector<NodeJob> jobs;
  for (const Json& row : rows) {
    if (row.at("containerd") != GetParam() ||
        (only != nullptr && title(row).find(only) == std::string::npos)) {
      continue;
    }
    jobs.push_back({[&row] { return play(row).dump(); },
                    [&row](const std::string& text) {
                      const Json outcome = Json::parse(text, nullptr, false);
                      const Json expected = comparable(row, row);
                      const Json actual =
                          outcome.is_discarded() ? Json("the node died") : comparable(outcome, row);
                      EXPECT_EQ(expected, actual)
                          << title(row) << "\nexpected: " << expected.dump(1)
                          << "\nactual: " << actual.dump(1);
                    }});
  }
  ASSERT_FALSE(jobs.empty());
  run_in_nodes(std::move(jobs), plugins.folders,
               2 * std::max(1U, std::thread::hardware_concurrency()));
}

INSTANTIATE_TEST_SUITE_P(Containerd, ObservedOutcomes,
                         testing::Values("1.4.13", "1.6.2", "1.6.4", "1.6.20", "1.7.24", "2.1.9"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           std::string name = tested.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return "v" + name;
                         });

TEST(ObservedOutcomesData, IsWholeAndOfKnownVersions) {
  const auto rows = observed_rows();
  EXPECT_EQ(rows.size(), 748U);
  std::set<std::string> versions;
  for (const Json& row : rows) {
    versions.insert(row.at("containerd"));
  }
  EXPECT_EQ(versions,
            (std::set<std::string>{"1.4.13", "1.6.2", "1.6.20", "1.6.4", "1.7.24", "2.1.9"}));
}

TEST(Normalised, TakesAwayWhatDiffersBetweenMachines) {
  EXPECT_EQ(normalised("sandbox \"" + std::string(64, 'a') + "\""), "sandbox \"<ID>\"");
  EXPECT_EQ(normalised("/var/run/netns/cni-0123abcd-0123-0123-0123-0123456789ab is"),
            "/var/run/netns/cni-<UUID> is");
  EXPECT_EQ(normalised("in path [/opt/cni/bin]"), normalised("in path [<DIR>/bin]"));
  EXPECT_EQ(normalised("iptables v1.8.9 (nf_tables): x"),
            normalised("iptables v1.8.7 (legacy): x"));
  EXPECT_NE(normalised("config is \"1.0.0\""), normalised("config is \"1.1.0\""));
}

}  // namespace
}  // namespace cni_matrix::test
