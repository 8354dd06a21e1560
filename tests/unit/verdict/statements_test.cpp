#include "observed_rows.hpp"

#include "scenario/scenario_library.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <gmock/gmock.h>

#include <map>

namespace cni_matrix::verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::map<std::string, StatementResult> verdicts(const std::vector<Observation>& observations) {
  const auto spec =
      value_or_throw(matrix::load_matrix(data_directory() / "matrix/kubernetes-page.json"));
  std::map<std::string, StatementResult> results;
  for (auto& result : evaluate_statements(spec.claims, observations)) {
    results[result.id] = result;
  }
  return results;
}

TEST(KubernetesPage, IsJudgedByTheObservedRows) {
  const auto results = verdicts(testing::observed_rows());
  ASSERT_EQ(results.size(), 10U);
  EXPECT_EQ(results.at("K3").truth, Truth::holds) << results.at("K3").evidence;
  EXPECT_EQ(results.at("K5").truth, Truth::holds) << results.at("K5").evidence;
  EXPECT_EQ(results.at("K6").truth, Truth::holds) << results.at("K6").evidence;
  // 1.4.13 stops no pod of a conflist without version either, and cannot read 1.0.0.
  EXPECT_EQ(results.at("K2").truth, Truth::partly);
  EXPECT_THAT(results.at("K2").evidence,
              AllOf(HasSubstr("1.4.13/"), HasSubstr("the version is empty")));
  EXPECT_EQ(results.at("K4").truth, Truth::partly);
  EXPECT_THAT(results.at("K4").evidence, HasSubstr("unsupported CNI result version \"1.0.0\""));
  EXPECT_EQ(results.at("K7").truth, Truth::partly);
  EXPECT_THAT(results.at("K7").evidence, HasSubstr("cannot convert version"));
  // No node was upgraded, and no loopback call recorded, in these rows.
  EXPECT_EQ(results.at("K8").truth, Truth::unchecked);
  EXPECT_EQ(results.at("K9").truth, Truth::unchecked);
}

TEST(KubernetesPage, LooksAtTheVersionThatLoopbackIsGiven) {
  auto rows = testing::observed_rows();
  for (auto& row : rows) {
    row.loopback_version = "0.3.1";
  }
  EXPECT_EQ(verdicts(rows).at("K9").truth, Truth::refuted);
  rows.front().loopback_version = "1.0.0";
  rows.front().scenario = "lifecycle";
  EXPECT_EQ(verdicts(rows).at("K9").truth, Truth::partly);
}

TEST(Statements, WithoutCellsNothingIsChecked) {
  for (const auto& [id, result] : verdicts({})) {
    EXPECT_EQ(result.truth, Truth::unchecked) << id;
  }
}

TEST(Statements, NameTheirPlaceWhenTheyCannotBeRead) {
  scenario::ScenarioLibrary library;
  const auto broken = statement_from_json(Json::parse(R"({"id": "X", "says": "x",
        "checks": [{"about": "a", "expect": [{"step": "run", "error": "(("}]}]})"),
                                          "my.json: at /claims/0", library);
  ASSERT_FALSE(broken.has_value());
  EXPECT_THAT(broken.error().message, HasSubstr("my.json: at /claims/0/checks/0/expect"));
}

}  // namespace
}  // namespace cni_matrix::verdict
