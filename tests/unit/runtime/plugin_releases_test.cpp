#include "runtime/plugin_releases.hpp"

#include <gtest/gtest.h>

namespace cni_matrix {
namespace {

bool has(const char* release, const char* type) {
  return release_has_plugin(value_or_throw(Version::parse(release)), type);
}

TEST(PluginReleases, HavePluginsFromTheirFirstReleaseOn) {
  EXPECT_TRUE(has("0.6.0", "bridge"));
  EXPECT_TRUE(has("1.9.1", "bridge"));
  EXPECT_FALSE(has("0.8.7", "vrf"));
  EXPECT_TRUE(has("0.9.0", "vrf"));
  EXPECT_FALSE(has("1.1.1", "dummy"));
  EXPECT_TRUE(has("1.2.0", "dummy"));
  EXPECT_FALSE(has("1.2.0", "tap"));
  EXPECT_TRUE(has("1.3.0", "tap"));
}

TEST(PluginReleases, HaveNoneThatLeftOrWasNeverThere) {
  EXPECT_TRUE(has("0.9.1", "flannel"));
  EXPECT_FALSE(has("1.0.0", "flannel"));
  EXPECT_FALSE(has("1.9.1", "calico"));
  EXPECT_FALSE(has("1.9.1", ""));
}

}  // namespace
}  // namespace cni_matrix
