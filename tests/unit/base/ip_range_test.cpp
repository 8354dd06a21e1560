#include "base/ip_range.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

TEST(IpRange, ContainsTheAddressesOfItsNetwork) {
  const auto four = value_or_throw(IpRange::parse("10.99.0.0/17"));
  EXPECT_TRUE(four.contains("10.99.127.255"));
  EXPECT_FALSE(four.contains("10.99.128.0"));
  EXPECT_FALSE(four.contains("::1"));
  EXPECT_FALSE(four.contains("10.99"));
  const auto six = value_or_throw(IpRange::parse("fd00:88::/64"));
  EXPECT_TRUE(six.contains("fd00:88::2"));
  EXPECT_FALSE(six.contains("fd00:88:0:1::2"));
  EXPECT_FALSE(six.contains("10.99.0.1"));
  EXPECT_TRUE(value_or_throw(IpRange::parse("0.0.0.0/0")).contains("192.0.2.1"));
  EXPECT_FALSE(value_or_throw(IpRange::parse("10.0.0.1/32")).contains("10.0.0.2"));
}

TEST(IpRange, RefusesWhatIsNone) {
  for (const char* text : {"", "10.99.0.0", "10.99.0.0/", "10.99.0.0/33", "10.99.0/16",
                           "fd00::/129", "10.99.0.0/1x", "/8", "10.99.0.0/-1"}) {
    const auto range = IpRange::parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().kind, ErrorKind::input);
  }
}

}  // namespace
}  // namespace cni_matrix
