#include "runtime/release_facts.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace cni_matrix {
namespace {

ReleaseFacts of(const char* version) {
  return release_facts(*Version::parse(version));
}

struct EraCase {
  const char* version;
  const char* era;
};

void PrintTo(const EraCase& value, std::ostream* out) {
  *out << value.version;
}

// The eras by what is seen of them, so that this does not repeat the table that it checks.
std::string era_of(const ReleaseFacts& cri) {
  using WithoutResult = ReleaseFacts::WithoutResult;
  if (!cri.record_before_network) {
    return "A";
  }
  if (cri.ignores_failed_teardown) {
    return cri.stop_without_result == WithoutResult::tolerate ? "D" : "C";
  }
  switch (cri.stop_without_result) {
    case WithoutResult::tear_down:
      return "B";
    case WithoutResult::skip:
      return "B'";
    case WithoutResult::tolerate:
      return "D'";
  }
  return "";
}

class EraTest : public testing::TestWithParam<EraCase> {};

TEST_P(EraTest, FollowsTheReleaseNotes) {
  EXPECT_EQ(era_of(of(GetParam().version)), GetParam().era);
}

// First and last release of each era and line.
INSTANTIATE_TEST_SUITE_P(
    Borders, EraTest,
    testing::Values(EraCase{"1.3.0", "A"}, EraCase{"1.4.13", "A"}, EraCase{"1.5.14", "A"},
                    EraCase{"1.5.15", "B"}, EraCase{"1.5.18", "B"}, EraCase{"1.6.0", "A"},
                    EraCase{"1.6.8", "A"}, EraCase{"1.6.9", "B"}, EraCase{"1.6.36", "B"},
                    EraCase{"1.6.37", "C"}, EraCase{"1.6.39", "C"}, EraCase{"1.7.0", "B"},
                    EraCase{"1.7.22", "B"}, EraCase{"1.7.23", "B'"}, EraCase{"1.7.30", "B'"},
                    EraCase{"1.7.31", "D'"}, EraCase{"2.0.0", "C"}, EraCase{"2.0.7", "C"},
                    EraCase{"2.0.8", "D"}, EraCase{"2.1.6", "C"}, EraCase{"2.1.7", "D"},
                    EraCase{"2.2.1", "C"}, EraCase{"2.2.2", "D"}, EraCase{"2.3.0", "D"}));

TEST(ReleaseFacts, LosesTheResultInTwoRangesOnly) {
  for (const char* version : {"1.5.15", "1.5.16", "1.6.9", "1.6.14"}) {
    EXPECT_FALSE(of(version).stores_result) << version;
  }
  for (const char* version : {"1.3.0", "1.5.14", "1.5.17", "1.6.8", "1.6.15", "1.7.0", "2.0.0"}) {
    EXPECT_TRUE(of(version).stores_result) << version;
  }
}

TEST(ReleaseFacts, RollsBackSince14WithItsOwnTimeSince147) {
  EXPECT_FALSE(of("1.3.10").tears_down_failed_setup);
  EXPECT_TRUE(of("1.4.0").tears_down_failed_setup);
  EXPECT_FALSE(of("1.4.6").teardown_outlives_call);
  EXPECT_TRUE(of("1.4.7").teardown_outlives_call);
  EXPECT_FALSE(of("1.5.2").teardown_outlives_call);
  EXPECT_TRUE(of("1.5.3").teardown_outlives_call);
  EXPECT_TRUE(of("2.3.0").teardown_outlives_call);
}

TEST(ReleaseFacts, StopOfAnUnknownPodBecameIdempotent) {
  for (const char* version : {"1.4.13", "1.6.34", "1.7.20"}) {
    EXPECT_FALSE(of(version).stop_of_unknown_is_ok) << version;
  }
  for (const char* version : {"1.6.35", "1.7.21", "2.0.0", "2.3.4"}) {
    EXPECT_TRUE(of(version).stop_of_unknown_is_ok) << version;
  }
}

TEST(ReleaseFacts, PassesThePodUidSince153) {
  EXPECT_FALSE(of("1.4.13").pod_uid);
  EXPECT_FALSE(of("1.5.2").pod_uid);
  EXPECT_TRUE(of("1.5.3").pod_uid);
  EXPECT_TRUE(of("1.6.0").pod_uid);
}

}  // namespace
}  // namespace cni_matrix
