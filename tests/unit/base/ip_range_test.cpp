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

TEST(IpRange, CountsItsAddresses) {
  const auto four = value_or_throw(IpRange::parse("10.99.7.9/22"));
  EXPECT_EQ(four.address(0), "10.99.4.0");
  EXPECT_EQ(four.address(257), "10.99.5.1");
  EXPECT_EQ(four.address(5000), "10.99.7.255");
  EXPECT_EQ(four.last_address(), "10.99.7.255");
  EXPECT_EQ(four.prefix_bits(), 22U);
  const auto six = value_or_throw(IpRange::parse("fd00::/64"));
  EXPECT_EQ(six.address(65536), "fd00::1:0");
  EXPECT_EQ(six.last_address(), "fd00::ffff:ffff:ffff:ffff");
  EXPECT_EQ(value_or_throw(IpRange::parse("255.255.255.255/32")).address(1), "255.255.255.255");
}

TEST(IpRange, SeesWhatItSharesWithAnother) {
  const auto range = [](const char* text) { return value_or_throw(IpRange::parse(text)); };
  EXPECT_TRUE(range("10.99.0.0/16").overlaps(range("10.99.4.0/24")));
  EXPECT_TRUE(range("10.99.4.0/24").overlaps(range("10.0.0.0/8")));
  EXPECT_FALSE(range("10.99.0.0/16").overlaps(range("10.98.0.0/16")));
  EXPECT_FALSE(range("0.0.0.0/0").overlaps(range("::/0")));
}

TEST(Addresses, AreCountedFromOneToAnother) {
  EXPECT_EQ(next_address("10.0.0.255"), "10.0.1.0");
  EXPECT_EQ(next_address("fd00::ffff"), "fd00::1:0");
  EXPECT_EQ(next_address("255.255.255.255"), "");
  EXPECT_EQ(next_address("x"), "");
  EXPECT_EQ(count_addresses("10.0.0.254", "10.0.1.1", 9), 4U);
  EXPECT_EQ(count_addresses("10.0.0.0", "10.0.1.1", 9), 9U);
  EXPECT_EQ(count_addresses("10.0.0.2", "10.0.0.1", 9), 0U);
  EXPECT_EQ(count_addresses("fd00::", "fd00:1::", 100), 100U);
  EXPECT_EQ(count_addresses("10.0.0.2", "fd00::", 9), 0U);
  EXPECT_EQ(count_addresses("10.0.0.2", "10.0.0.2", 0), 0U);
  EXPECT_EQ(count_addresses("255.255.255.254", "255.255.255.255", 9), 2U);
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
