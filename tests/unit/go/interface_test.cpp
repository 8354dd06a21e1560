#include "go/interface.hpp"

#include "go/json_print.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::go {
namespace {

TEST(GoInterface, SortsKeysAndKeepsTheLast) {
  const auto value =
      parse(R"({"b":"<&>\u2028","a":[1.0,1e21,1e-7,12345678901234567890],"b":"\u0007/"})");
  ASSERT_TRUE(value);
  const auto map = as_interface(*value);
  ASSERT_TRUE(map);
  EXPECT_EQ(marshal(*map), R"({"a":[1,1e+21,1e-7,12345678901234567000],"b":"\u0007/"})");
}

TEST(GoInterface, RefusesNumbersBeyondFloat64) {
  const auto map = as_interface(*parse("[1e400]"));
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error(), "json: cannot unmarshal number 1e400 into Go value of type float64");
}

}  // namespace
}  // namespace cni_matrix::go
