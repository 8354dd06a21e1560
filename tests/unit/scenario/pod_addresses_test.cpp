#include "scenario/pod_addresses.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::scenario {
namespace {

TEST(PodAddresses, AreOnesOwn) {
  EXPECT_EQ(problem_of({{"a", {"10.0.0.2"}}, {"b", {"10.0.0.3", "fd00::3"}}}, "", ""), "");
  EXPECT_EQ(problem_of({{"a", {"10.0.0.2"}}, {"b", {"10.0.0.3"}}, {"c", {"10.0.0.2"}}}, "", ""),
            "a and c both have 10.0.0.2");
  EXPECT_EQ(problem_of({{"a", {"10.0.0.2"}}, {"b", {}}}, "", ""), "b has no address");
}

TEST(PodAddresses, AreInTheirNetwork) {
  EXPECT_EQ(problem_of({{"a", {"10.0.0.2", "fd00::3"}}}, "10.0.0.0/24", "10.1.0.0/24"), "");
  EXPECT_EQ(problem_of({{"a", {"10.1.0.2"}}}, "10.0.0.0/24", ""),
            "a has 10.1.0.2, and none in 10.0.0.0/24");
  EXPECT_EQ(problem_of({{"a", {"10.1.0.2"}}}, "", "10.1.0.0/24"),
            "a has 10.1.0.2, which is in 10.1.0.0/24");
}

TEST(PodAddresses, OfAnInterfaceThatIsNotThereAreNone) {
  const auto none = addresses_of("", "no-such-link");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  const auto loopback = addresses_of("", "lo");
  ASSERT_TRUE(loopback);
  EXPECT_FALSE(loopback->empty());
}

}  // namespace
}  // namespace cni_matrix::scenario
