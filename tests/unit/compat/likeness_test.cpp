#include "compat/likeness.hpp"

#include "shipped.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::compat {
namespace {

using testing::shipped;
using testing::version;

bool containerds(const char* a, const char* b) {
  return shipped().likeness().of_containerds(version(a), version(b));
}

bool plugins(const char* a, const char* b) {
  const Subject subject{version("1.6.20"), version(a), "0.3.1", {"bridge", "portmap"}};
  return shipped().likeness().of_plugins(version(a), version(b), subject);
}

TEST(Likeness, OfContainerdsIsThatOfTheirCodeForNetworks) {
  EXPECT_TRUE(containerds("1.6.0", "1.6.2"));
  EXPECT_TRUE(containerds("1.6.2", "1.6.0"));
  EXPECT_FALSE(containerds("1.6.2", "1.6.3"));  // loopback's cniVersion
  EXPECT_FALSE(containerds("1.6.3", "1.6.4"));  // libcni
  EXPECT_FALSE(containerds("1.6.8", "1.6.9"));  // containerd's own
  EXPECT_FALSE(containerds("1.7.20", "2.0.0"));
}

TEST(Likeness, OfAReleaseThatIsNotListedIsWithItselfAlone) {
  EXPECT_TRUE(containerds("9.0.0", "9.0.0"));
  EXPECT_FALSE(containerds("9.0.0", "9.0.1"));
  EXPECT_FALSE(containerds("2.3.4", "2.3.99"));
  EXPECT_TRUE(plugins("1.1.9", "1.1.9"));
  EXPECT_FALSE(plugins("1.1.9", "1.1.1"));
}

TEST(Likeness, OfPluginsEndsWhereAKnownBehaviourBegins) {
  EXPECT_TRUE(plugins("1.0.0", "1.5.1"));
  EXPECT_TRUE(plugins("0.8.7", "0.9.1"));
  EXPECT_FALSE(plugins("0.7.5", "0.8.1"));
  EXPECT_FALSE(plugins("0.9.1", "1.0.0"));
  EXPECT_FALSE(plugins("1.5.1", "1.6.0"));
}

}  // namespace
}  // namespace cni_matrix::compat
