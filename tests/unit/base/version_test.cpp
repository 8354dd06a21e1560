#include <cni_matrix/base/version.hpp>

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

Version version(std::string_view text) {
  return value_or_throw(Version::parse(text));
}

bool in_range(std::string_view range, std::string_view text) {
  return value_or_throw(VersionRange::parse(range)).contains(version(text));
}

TEST(Version, OrdersAsSemanticVersioning) {
  EXPECT_LT(version("1.6.3"), version("1.6.20"));
  EXPECT_LT(version("2.0.0-beta.2"), version("2.0.0-rc.1"));
  EXPECT_LT(version("2.0.0-rc.9"), version("2.0.0-rc.10"));
  EXPECT_LT(version("2.0.0-rc.1"), version("2.0.0"));
  EXPECT_EQ(version("v1.2.3").str(), "1.2.3");
  EXPECT_EQ(version("2.0.0-rc.1").str(), "2.0.0-rc.1");
}

TEST(Version, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "1", "1.2", "1.2.x", "1.2.3.4", "1.2.3-", "-1.2.3", "1.2.99999999999"}) {
    const auto parsed = Version::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::input);
  }
}

TEST(VersionRange, KnowsItsForms) {
  EXPECT_TRUE(in_range("1.6.0-1.6.3", "1.6.3"));
  EXPECT_FALSE(in_range("1.6.0-1.6.3", "1.6.4"));
  EXPECT_TRUE(in_range(">=1.3.0 <1.6.4", "1.5.18"));
  EXPECT_FALSE(in_range(">=1.3.0 <1.6.4", "1.2.14"));
  EXPECT_TRUE(in_range("1.5.15-1.5.18,1.6.9-1.6.36", "1.6.20"));
  EXPECT_TRUE(in_range("1.6", "1.6.0"));
  EXPECT_FALSE(in_range("1.6.*", "1.7.0"));
  EXPECT_TRUE(in_range("*", "0.0.1"));
  EXPECT_TRUE(in_range("2.0.0-rc.1", "2.0.0-rc.1"));
  EXPECT_FALSE(in_range("2.0.0-rc.1", "2.0.0"));
  EXPECT_FALSE(VersionRange::parse(""));
  EXPECT_FALSE(VersionRange::parse("1.6.3,"));
  EXPECT_FALSE(VersionRange::parse(">=1.6"));
}

}  // namespace
}  // namespace cni_matrix
