#include "verdict/failures.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::verdict {
namespace {

scenario::StepResult failed(const std::string& step, const std::string& error,
                            const std::string& expect = "") {
  scenario::StepResult result;
  result.step = step;
  result.ok = false;
  result.error = error;
  result.expect = expect;
  return result;
}

scenario::StepResult good(const std::string& step) {
  scenario::StepResult result;
  result.step = step;
  result.ok = true;
  return result;
}

TEST(Failures, AreMeantWhereTheStepExpectsThem) {
  EXPECT_TRUE(fails_as_meant(failed("RunPodSandbox", "no way in: 7", "no way")));
  EXPECT_FALSE(fails_as_meant(failed("RunPodSandbox", "another", "no way")));
  EXPECT_FALSE(fails_as_meant(failed("RunPodSandbox", "no way in")));
  Observation observation;
  observation.steps = {good("RunPodSandbox"), failed("StopPodSandbox", "no way", "no way")};
  EXPECT_FALSE(any_unexpected_failure(observation));
  observation.steps.push_back(failed("RemovePodSandbox", "oh"));
  EXPECT_TRUE(any_unexpected_failure(observation));
}

TEST(Failures, HaveContainerdsWordsBeforeThoseOfTheCase) {
  BehaviourCase rule;
  rule.error = "unsupported version {version}";
  EXPECT_TRUE(is_error_of(rule, "failed: ", "failed: unsupported version 0.4.0", "0.4.0"));
  EXPECT_FALSE(is_error_of(rule, "failed: ", "unsupported version 0.4.0", "0.4.0"));
  EXPECT_FALSE(is_error_of(rule, "failed: ", "failed: unsupported version 0.4.0", "1.0.0"));
  // To plugins an absent version is 0.1.0.
  EXPECT_TRUE(is_error_of(rule, "", "unsupported version 0.1.0", "none"));
  rule.whole_text = true;
  EXPECT_TRUE(is_error_of(rule, "failed: ", "unsupported version 0.4.0", "0.4.0"));
}

TEST(Failures, OfAWholeOutcomeComeInTheirOrder) {
  BehaviourCase rule;
  rule.fails = {{"RunPodSandbox", "in"}, {"StopPodSandbox", "out"}};
  Observation observation;
  observation.steps = {failed("RunPodSandbox", "no way in"), good("status"),
                       failed("StopPodSandbox", "no way out")};
  EXPECT_TRUE(fails_so(rule, observation, "1.0.0"));
  std::swap(observation.steps.front(), observation.steps.back());
  EXPECT_FALSE(fails_so(rule, observation, "1.0.0"));
  observation.steps.pop_back();
  EXPECT_FALSE(fails_so(rule, observation, "1.0.0"));
}

}  // namespace
}  // namespace cni_matrix::verdict
