#include "report/flaky.hpp"

#include "sample.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::report::testing {
namespace {

TEST(Flaky, SameOutcomesAreNot) {
  FlakyDetector detector;
  for (int i = 0; i < 5; ++i) {
    auto result = passed();
    result.wall_us = i;
    detector.add(result);
  }
  EXPECT_TRUE(detector.flaky().empty());
}

TEST(Flaky, OtherStepsAreEvenUnderTheSameVerdict) {
  FlakyDetector detector;
  auto other = passed();
  other.verdict = run::Verdict::fail;
  other.steps[1] = {"StopPodSandbox", "", false, "Unknown", "one", 1};
  auto another = other;
  another.steps[1].error = "two";
  detector.add(other);
  detector.add(another);
  detector.add(another);
  detector.add(passed("1.7.0", "1.7.0", "1.1.1", "1.1.1", "1.0.0"));
  const auto flaky = detector.flaky();
  ASSERT_EQ(flaky.size(), 1U);
  EXPECT_EQ(flaky[0].name, passed().cell.name());
  EXPECT_EQ(flaky[0].id, passed().cell.id());
  ASSERT_EQ(flaky[0].seen.size(), 2U);
  EXPECT_EQ(flaky[0].seen[0].times, 2U);
  EXPECT_EQ(flaky[0].seen[0].outcome.steps[1], "StopPodSandbox: Unknown: two");
}

TEST(Flaky, InterruptedRepetitionsSayNothing) {
  FlakyDetector detector;
  auto interrupted = passed();
  interrupted.verdict = run::Verdict::interrupted;
  detector.add(passed());
  detector.add(interrupted);
  EXPECT_TRUE(detector.flaky().empty());
}

TEST(Flaky, AMicrosecondInAReasonIsNoOtherOutcome) {
  const auto with = [](const std::string& error) {
    auto result = passed();
    result.verdict = run::Verdict::fail;
    result.reason = error;
    result.steps[1] = {"trace", "no-overlap", false, "", error, 1};
    return result;
  };
  FlakyDetector detector;
  detector.add(with("ADD of bridge started 12 us before DEL of portmap had ended"));
  detector.add(with("ADD of bridge started 1348 us before DEL of portmap had ended"));
  EXPECT_TRUE(detector.flaky().empty());
  detector.add(with("ADD of bridge started 12 us before DEL of tuning had ended"));
  EXPECT_EQ(detector.flaky().size(), 1U);
}

}  // namespace
}  // namespace cni_matrix::report::testing
