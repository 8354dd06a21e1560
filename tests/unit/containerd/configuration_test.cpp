#include "containerd/runtime.hpp"

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

std::string text_with(const char* version, const RuntimeSettings& settings) {
  ContainerdOptions options;
  options.version = Version::parse(version).value();
  options.settings = settings;
  return configuration_text(options);
}

TEST(Configuration, HasTheNetworkSettingsInTheTableCni) {
  RuntimeSettings settings;
  settings.max_conf_num = 0;
  settings.setup_serially = true;
  settings.internal_loopback = true;
  settings.ip_pref = "ipv6";
  settings.conf_template = "{}";
  EXPECT_THAT(text_with("2.1.9", settings), HasSubstr(R"(  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
    max_conf_num = 0
    setup_serially = true
    use_internal_loopback = true
    ip_pref = "ipv6"
    conf_template = "/etc/cni/template.conflist"
)"));
  EXPECT_THAT(text_for("2.1.9"), Not(HasSubstr("max_conf_num")));
}

TEST(Configuration, WritesPluginDirectoriesAsAsked) {
  RuntimeSettings settings;
  settings.bin_dirs = {"/a", "/b\"c"};
  EXPECT_THAT(text_with("2.1.9", settings), HasSubstr(R"(bin_dirs = ["/a", "/b\"c"])"));
  EXPECT_THAT(text_with("2.1.9", settings), Not(HasSubstr("bin_dir =")));
  settings.bin_dir = "/d";
  EXPECT_THAT(text_with("2.1.9", settings), HasSubstr("bin_dir = \"/d\"\n    bin_dirs = [\"/a\""));
}

TEST(Configuration, GivesAHandlerANetworkOfItsOwn) {
  RuntimeSettings settings;
  settings.handlers = {{"fast", {"/etc/cni/fast.d", 3}}, {"plain", {}}};
  const auto text = text_with("1.6.20", settings);
  EXPECT_THAT(text, HasSubstr(R"(    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.fast]
      runtime_type = "io.containerd.runc.v2"
      cni_conf_dir = "/etc/cni/fast.d"
      cni_max_conf_num = 3
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.fast.options]
        BinaryName = "/run/cni-matrix/runc-wrapper"
)"));
  EXPECT_THAT(text, HasSubstr(".containerd.runtimes.plain]\n      runtime_type"));
  EXPECT_THAT(text, HasSubstr(".containerd.runtimes.runc]\n      runtime_type"));
}

TEST(Configuration, OfALaterVersionHasOtherTables) {
  RuntimeSettings settings;
  settings.config_version = 3;
  const auto three = text_with("2.1.9", settings);
  EXPECT_THAT(three, HasSubstr("version = 3\n"));
  EXPECT_THAT(three, HasSubstr("[grpc]\n  address"));
  EXPECT_THAT(three, HasSubstr(R"([plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "cni-matrix.invalid/pause:1"
)"));
  EXPECT_THAT(three, HasSubstr(R"([plugins."io.containerd.cri.v1.runtime".cni])"));
  EXPECT_THAT(three, Not(HasSubstr("io.containerd.grpc.v1.cri")));
  EXPECT_THAT(three, Not(HasSubstr("sandbox_image")));
  settings.config_version = 4;
  const auto four = text_with("2.3.0", settings);
  EXPECT_THAT(four, HasSubstr("version = 4\n"));
  EXPECT_THAT(four, HasSubstr("[plugins.\"io.containerd.server.v1.grpc\"]\n  address"));
  EXPECT_THAT(four, Not(HasSubstr("[grpc]")));
}

TEST(Configuration, SpeaksTheCriOfTheVersion) {
  EXPECT_EQ(cri_package(Version::parse("1.3.0").value()), "runtime.v1alpha2");
  EXPECT_EQ(cri_package(Version::parse("1.5.18").value()), "runtime.v1alpha2");
  EXPECT_EQ(cri_package(Version::parse("1.6.0").value()), "runtime.v1");
  EXPECT_EQ(cri_package(Version::parse("2.0.0").value()), "runtime.v1");
}

}  // namespace
}  // namespace cni_matrix::containerd
