#include "embedded/effective_settings.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::embedded {
namespace {

using testing::ElementsAre;

const std::vector<std::string> k_usual = {"/opt/cni/bin"};

tl::expected<RuntimeSettings, std::string> on(const char* containerd,
                                              const RuntimeSettings& settings) {
  return effective_settings(*Version::parse(containerd), settings, k_usual);
}

std::string refusal(const char* containerd, const RuntimeSettings& settings) {
  const auto effective = on(containerd, settings);
  return effective ? "" : effective.error();
}

TEST(EffectiveSettings, APreferenceIsPassedOverBeforeItIsKnown) {
  RuntimeSettings settings;
  settings.ip_pref = "ipv6";
  EXPECT_EQ(on("1.5.18", settings)->ip_pref, "");
  EXPECT_EQ(on("1.6.0", settings)->ip_pref, "ipv6");
}

// services/server/config of 1.6 and 1.7, cmd/containerd/server/config and version.go of 2.x.
TEST(EffectiveSettings, NewerFilesAreRefusedOrNotUnderstood) {
  RuntimeSettings three;
  three.config_version = 3;
  three.max_conf_num = 2;
  for (const char* version : {"1.4.13", "1.6.31", "1.7.16"}) {
    const auto effective = on(version, three);
    ASSERT_TRUE(effective) << version;
    EXPECT_FALSE(effective->max_conf_num) << version;
  }
  EXPECT_EQ(refusal("1.6.32", three), "unsupported config version `3`");
  EXPECT_EQ(refusal("1.7.17", three), "unsupported config version `3`");
  EXPECT_EQ(on("2.0.0", three)->max_conf_num, 2);
  auto four = three;
  four.config_version = 4;
  EXPECT_EQ(refusal("2.2.5", four),
            "expected containerd config version equal to or less than `3`, got `4`");
  EXPECT_EQ(on("2.3.0", four)->max_conf_num, 2);
}

TEST(EffectiveSettings, UnknownKeysArePassedOver) {
  RuntimeSettings all;
  all.max_conf_num = 0;
  all.setup_serially = true;
  all.internal_loopback = true;
  all.handlers["own"] = {"/etc/cni/own.d", 2};
  const auto oldest = on("1.5.18", all);
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->max_conf_num, 0);
  EXPECT_FALSE(oldest->setup_serially);
  EXPECT_EQ(oldest->handlers.at("own").conf_dir, "");
  EXPECT_EQ(on("1.6.0", all)->handlers.at("own").conf_dir, "/etc/cni/own.d");
  EXPECT_FALSE(on("1.6.39", all)->setup_serially);
  EXPECT_TRUE(on("1.7.0", all)->setup_serially);
  EXPECT_FALSE(on("1.7.30", all)->internal_loopback);
  EXPECT_TRUE(on("2.0.0", all)->internal_loopback);
}

TEST(EffectiveSettings, PluginDirectories) {
  RuntimeSettings settings;
  EXPECT_THAT(on("1.7.0", settings)->bin_dirs, ElementsAre("/opt/cni/bin"));
  settings.bin_dirs = {"/a", "/b"};
  EXPECT_THAT(on("2.0.5", settings)->bin_dirs, ElementsAre("/opt/cni/bin"));
  EXPECT_THAT(on("2.1.0", settings)->bin_dirs, ElementsAre("/a", "/b"));
  settings.bin_dir = "/c";
  EXPECT_THAT(on("2.0.5", settings)->bin_dirs, ElementsAre("/c"));
  EXPECT_THAT(on("2.1.0", settings)->bin_dirs, ElementsAre("/c"));
  settings.config_version = 3;
  EXPECT_THAT(on("2.0.5", settings)->bin_dirs, ElementsAre("/c"));
  EXPECT_EQ(refusal("2.1.0", settings),
            "invalid plugin config: `cni.bin_dir` and `cni.bin_dirs` cannot be set at the same "
            "time");
  // The default is as good as nothing.
  settings.bin_dirs = k_usual;
  EXPECT_THAT(on("2.1.0", settings)->bin_dirs, ElementsAre("/c"));
  settings.bin_dirs.clear();
  EXPECT_THAT(on("2.1.0", settings)->bin_dirs, ElementsAre("/c"));
}

}  // namespace
}  // namespace cni_matrix::embedded
