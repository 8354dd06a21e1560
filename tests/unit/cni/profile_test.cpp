#include "cni/profile.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::cni {
namespace {

// Debian builds containerd with its own packages of libcni and go-cni.
TEST(Profile, IsOfTheBuildWhereThatIsKnown) {
  const auto version = *Version::parse("1.4.13");
  EXPECT_EQ(value_or_throw(profile_for(version)).libcni.str(), "0.8.0");
  BuiltWith built;
  EXPECT_EQ(value_or_throw(profile_for(version, built)).libcni.str(), "0.8.0");
  built.libcni = *Version::parse("0.8.1");
  const auto debian = value_or_throw(profile_for(version, built));
  EXPECT_EQ(debian.libcni.str(), "0.8.1");
  EXPECT_EQ(debian.go_cni.str(), value_or_throw(profile_for(version)).go_cni.str());
}

TEST(Profile, SaysWhichJsonItsGoHas) {
  const auto version = *Version::parse("2.1.9");
  EXPECT_EQ(traits_of(value_or_throw(profile_for(version))).json, go::JsonPackage::v1);
  for (const auto& [go, package] :
       {std::pair{"1.26.5", go::JsonPackage::v1}, {"1.27.1", go::JsonPackage::v2}}) {
    BuiltWith built;
    built.go = *Version::parse(go);
    EXPECT_EQ(traits_of(value_or_throw(profile_for(version, built))).json, package) << go;
  }
}

}  // namespace
}  // namespace cni_matrix::cni
