#include <cni_matrix/containerd/containerd_runtime.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::containerd {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_for(const char* version) {
  ContainerdOptions options;
  options.version = Version::parse(version).value();
  return configuration_text(options);
}

TEST(Configuration, KeepsCgroupsAndAppArmorAway) {
  for (const char* version : {"1.4.13", "1.5.0", "1.6.20", "1.7.24", "2.1.9"}) {
    const std::string text = text_for(version);
    EXPECT_THAT(text, HasSubstr("version = 2\n"));
    EXPECT_THAT(text, HasSubstr("disable_apparmor = true"));
    EXPECT_THAT(text, HasSubstr("restrict_oom_score_adj = true"));
    EXPECT_THAT(text, HasSubstr("BinaryName = \"/run/cni-matrix/runc-wrapper\""));
    EXPECT_THAT(text, HasSubstr("snapshotter = \"native\""));
  }
}

TEST(Configuration, NamesOptionsOnlyWhereTheyExist) {
  EXPECT_THAT(text_for("1.5.18"), Not(HasSubstr("enable_unprivileged_ports")));
  EXPECT_THAT(text_for("1.6.0"), HasSubstr("enable_unprivileged_ports = false"));
  EXPECT_THAT(text_for("1.7.24"), HasSubstr("disable_cgroup = true"));
  EXPECT_THAT(text_for("2.0.0"), Not(HasSubstr("disable_cgroup")));
}

// Before 2.0 the task service does not load without it, and with it no CRI.
TEST(Configuration, LeavesWhatOthersNeed) {
  EXPECT_THAT(text_for("1.6.20"), Not(HasSubstr("io.containerd.runtime.v1.linux")));
  EXPECT_THAT(text_for("2.1.9"), Not(HasSubstr("image-verifier")));
  EXPECT_THAT(text_for("2.1.9"), HasSubstr("\"io.containerd.internal.v1.opt\""));
}

TEST(Configuration, QuotesPaths) {
  ContainerdOptions options;
  options.version = Version::parse("1.6.20").value();
  options.root = "/a\"b\\c";
  EXPECT_THAT(configuration_text(options), HasSubstr(R"(root = "/a\"b\\c")"));
}

TEST(Configuration, SpeaksTheCriOfTheVersion) {
  EXPECT_EQ(cri_package(Version::parse("1.3.0").value()), "runtime.v1alpha2");
  EXPECT_EQ(cri_package(Version::parse("1.5.18").value()), "runtime.v1alpha2");
  EXPECT_EQ(cri_package(Version::parse("1.6.0").value()), "runtime.v1");
  EXPECT_EQ(cri_package(Version::parse("2.0.0").value()), "runtime.v1");
}

}  // namespace
}  // namespace cni_matrix::containerd
