#include "cni/go_cni.hpp"

#include "stub_plugins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni_matrix::cni {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Profile profile(const char* containerd) {
  return value_or_throw(profile_for(value_or_throw(Version::parse(containerd))));
}

std::string list(const std::string& cni_version) {
  return R"({)" + (cni_version == "none" ? "" : R"("cniVersion":")" + cni_version + R"(",)") +
         R"("name":"net","plugins":[{"type":"bridge"}]})";
}

std::string result(const std::string& cni_version) {
  return R"({"cniVersion":")" + cni_version +
         R"(","interfaces":[{"name":"eth0","sandbox":"/x"}],"ips":[{"version":"4","interface":0,)"
         R"("address":"10.88.0.2/16","gateway":"10.88.0.1"}]})";
}

constexpr const char* k_result_020 = R"({"cniVersion":"0.2.0","ip4":{"ip":"10.88.0.2/16"}})";

// A pod of one containerd release over stub plugins.
class GoCniTest : public ::testing::Test {
 protected:
  void SetUp() override { m_stubs.add("loopback", R"({"cniVersion":"0.3.1"})"); }
  GoCni make(const char* containerd) {
    GoCniSettings settings;
    settings.plugin_dirs = {m_stubs.plugin_dir()};
    settings.conf_dir = m_stubs.conf_dir();
    settings.cache_dir = m_stubs.cache_dir();
    return GoCni(profile(containerd), settings);
  }
  static std::string error_of(const GoResult<void>& outcome) {
    return outcome ? "" : outcome.error().message;
  }
  // The error of setup, or of remove after it; "" when both succeed.
  std::string lifecycle(const char* containerd) {
    auto cni = make(containerd);
    if (auto loaded = cni.load(); !loaded) {
      return loaded.error().message;
    }
    if (auto setup = cni.setup("pod", "/netns", {}); !setup) {
      return "ADD " + setup.error().message;
    }
    return error_of(cni.remove("pod", "/netns", {}));
  }

  testing::StubPlugins m_stubs;
};

TEST(Profiles, TakeTheNearestListedPatch) {
  EXPECT_EQ(profile("1.6.3").loopback_version, "1.0.0");
  EXPECT_EQ(profile("1.6.4").loopback_version, "0.3.1");
  EXPECT_EQ(profile("1.6.3").go_cni.str(), "1.1.4");
  EXPECT_EQ(profile("1.4.13").libcni.str(), "0.8.0");
  const auto later = profile("1.7.99");
  EXPECT_EQ(later.containerd.str(), "1.7.99");
  EXPECT_EQ(later.listed.str(), "1.7.34");
  const auto unknown = profile_for(Version{1, 2, 0, ""});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::input);
  EXPECT_THAT(unknown.error().message, HasSubstr("no profile of containerd 1.2"));
  EXPECT_THAT(unknown.error().message, HasSubstr("take a version of 1.3, 1.4, "));
}

TEST_F(GoCniTest, AnEmptyDirectoryIsNotInitialised) {
  auto cni = make("1.6.2");
  EXPECT_EQ(error_of(cni.load()), "cni config load failed: no network config found in " +
                                      m_stubs.conf_dir().string() +
                                      ": cni plugin not initialized: failed to load cni config");
  ASSERT_FALSE(cni.status());
  EXPECT_TRUE(cni.status().error().not_initialized);
  EXPECT_EQ(error_of(cni.remove("pod", "", {})), "cni plugin not initialized");
}

TEST_F(GoCniTest, TheFirstBadFileEndsTheLoad) {
  m_stubs.configure("05-bad.conflist", R"({"name":"x")");
  m_stubs.configure("10-good.conflist", list("0.4.0"));
  EXPECT_EQ(error_of(make("2.1.0").load()),
            "cni config load failed: failed to load CNI config list file " +
                (m_stubs.conf_dir() / "05-bad.conflist").string() +
                ": error parsing configuration list: unexpected end of JSON input: invalid cni "
                "config: failed to load cni config");
}

TEST_F(GoCniTest, GoCniBefore11TakesErrorTextsForFormats) {
  m_stubs.configure("05-bad.conflist", "%");
  EXPECT_THAT(error_of(make("1.5.11").load()),
              HasSubstr("invalid character '%!'(MISSING) looking"));
  EXPECT_THAT(error_of(make("1.6.0").load()), HasSubstr("invalid character '%' looking"));
}

TEST_F(GoCniTest, OnlyLibcni13LoadsPluginsInADirectory) {
  m_stubs.configure("10-net.conflist", R"({"cniVersion":"1.0.0","name":"net"})");
  m_stubs.configure("net/10-bridge.conf", R"({"type":"bridge"})");
  EXPECT_THAT(error_of(make("2.0.0").load()), HasSubstr("no 'plugins' key"));
  auto cni = make("2.1.0");
  EXPECT_EQ(error_of(cni.load()), "");
  EXPECT_EQ(cni.config()["Networks"][1]["Config"]["Plugins"][0]["Network"]["type"], "bridge");
}

TEST_F(GoCniTest, AListWithoutVersionCannotBeDeletedBeforeLibcni11) {
  m_stubs.configure("10-net.conflist", list("none"));
  m_stubs.add("bridge", k_result_020);
  for (const char* containerd : {"1.3.0", "1.4.13", "1.5.18", "1.6.2"}) {
    EXPECT_EQ(lifecycle(containerd), "invalid version \"\": the version is empty") << containerd;
    std::filesystem::remove_all(m_stubs.cache_dir());
  }
  for (const char* containerd : {"1.6.4", "1.7.0", "2.0.0", "2.1.0"}) {
    EXPECT_EQ(lifecycle(containerd), "") << containerd;
  }
}

TEST_F(GoCniTest, ResultsThatAReleaseDoesNotKnow) {
  m_stubs.configure("10-net.conflist", list("1.0.0"));
  m_stubs.add("bridge", result("1.0.0"));
  EXPECT_EQ(lifecycle("1.5.0"), "ADD unsupported CNI result version \"1.0.0\"");
  EXPECT_EQ(lifecycle("1.6.2"), "");
  m_stubs.configure("10-net.conflist", list("1.1.0"));
  m_stubs.add("bridge", result("1.1.0"));
  EXPECT_EQ(lifecycle("1.7.0"),
            "ADD plugin type=\"bridge\" failed (add): unsupported CNI result version \"1.1.0\"");
  EXPECT_EQ(lifecycle("2.0.0"), "");
}

TEST_F(GoCniTest, CachedResultsAreConvertedOrInTheWay) {
  m_stubs.add("bridge", result("0.4.0"));
  const auto edit_under_pod = [&](const char* containerd) {
    m_stubs.configure("10-net.conflist", list("0.4.0"));
    auto cni = make(containerd);
    EXPECT_EQ(error_of(cni.load()), "");
    EXPECT_TRUE(cni.setup("pod", "/netns", {}));
    m_stubs.configure("10-net.conflist", list("9.9.9"));
    EXPECT_EQ(error_of(cni.load()), "");
    return error_of(cni.remove("pod", "/netns", {}));
  };
  EXPECT_EQ(edit_under_pod("1.4.13"),
            "failed to get network \"net\" cached result: failed to convert cached result version "
            "\"0.4.0\" to config version \"9.9.9\": cannot convert version 0.3.x to \"9.9.9\"");
  EXPECT_EQ(
      edit_under_pod("1.7.0"),
      "failed to get network \"net\" cached result: failed to convert cached result to config "
      "version \"9.9.9\": no converter for CNI result version 0.4.0 to 9.9.9");
  EXPECT_EQ(edit_under_pod("2.0.0"), "");
}

TEST_F(GoCniTest, TheCacheHasTheFormatOfItsRelease) {
  m_stubs.configure("10-net.conflist", list("0.4.0"));
  m_stubs.add("bridge", result("0.4.0"));
  const auto cache = [&](const char* containerd) {
    auto cni = make(containerd);
    EXPECT_TRUE(cni.load());
    EXPECT_TRUE(cni.setup("pod", "/netns", {{{"K", "v"}}}));
    return value_or_throw(read_file(m_stubs.cache_dir() / "results/net-pod-eth0"));
  };
  EXPECT_THAT(cache("1.3.0"), StartsWith(R"({"cniVersion":"0.4.0","interfaces":)"));
  EXPECT_THAT(cache("1.4.1"), StartsWith(R"({"kind":"cniCacheV1","containerId":"pod","config":")"));
  EXPECT_THAT(cache("1.7.0"), HasSubstr(R"("networkName":"net","cniArgs":[["K","v"]],"result":{)"));
  EXPECT_THAT(cache("2.0.0"), HasSubstr(R"("networkName":"net","netns":"/netns","cniArgs":)"));
}

TEST_F(GoCniTest, PluginsGetCapabilitiesThatTheyDeclare) {
  m_stubs.configure("10-net.conflist",
                    R"({"cniVersion":"0.4.0","name":"net","plugins":[{"type":"bridge"},)"
                    R"({"type":"portmap","capabilities":{"portMappings":true}}]})");
  m_stubs.add("bridge", result("0.4.0"));
  m_stubs.add("portmap", result("0.4.0"));
  auto cni = make("1.4.13");
  ASSERT_TRUE(cni.load());
  AttachmentOptions options;
  options.arguments = {{"IgnoreUnknown", "1"}, {"K8S_POD_NAME", "web"}};
  options.capabilities["portMappings"] = OrderedJson::array({OrderedJson(
      {{"HostPort", 8080}, {"ContainerPort", 80}, {"Protocol", "tcp"}, {"HostIP", ""}})});
  const auto setup = cni.setup("pod", "/netns", options);
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(setup->interfaces.at("eth0").ips.at(0).ip, "10.88.0.2");
  const auto calls = m_stubs.take_calls();
  EXPECT_THAT(calls, HasSubstr("bridge ADD pod /netns eth0 IgnoreUnknown=1;K8S_POD_NAME=web"));
  EXPECT_THAT(calls, HasSubstr(R"({"cniVersion":"0.4.0","name":"net","type":"bridge"})"));
  EXPECT_THAT(calls,
              HasSubstr(R"("runtimeConfig":{"portMappings":[{"HostPort":8080,)"
                        R"("ContainerPort":80,"Protocol":"tcp","HostIP":""}]},"type":"portmap")"));
  EXPECT_THAT(calls, StartsWith("loopback ADD pod /netns lo "));
  ASSERT_TRUE(cni.remove("pod", "/netns", options));
  EXPECT_THAT(m_stubs.take_calls(), HasSubstr("portmap DEL pod /netns eth0"));
}

TEST_F(GoCniTest, NotFoundIsGoneSinceGoCni11) {
  m_stubs.configure("10-net.conflist", list("0.4.0"));
  m_stubs.add("bridge", result("0.4.0"));
  m_stubs.say("bridge.DEL.exit", "1");
  m_stubs.say("bridge.DEL.out", R"({"code":1,"msg":"link not found"})");
  EXPECT_EQ(lifecycle("1.5.0"), "link not found");
  EXPECT_EQ(lifecycle("1.6.2"), "");
}

TEST_F(GoCniTest, APluginThatRunsTooLongIsKilled) {
  m_stubs.configure("10-net.conflist", list("0.4.0"));
  m_stubs.add("bridge", result("0.4.0"));
  m_stubs.say("bridge.ADD.sleep", "20000");
  auto cni = make("1.7.0");
  ASSERT_TRUE(cni.load());
  AttachmentOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  const auto setup = cni.setup("pod", "/netns", options);
  ASSERT_FALSE(setup);
  EXPECT_EQ(setup.error().message,
            "plugin type=\"bridge\" failed (add): netplugin failed with no error message: signal: "
            "killed");
}

TEST_F(GoCniTest, StatusAsksPluginsSinceGoCni1111) {
  m_stubs.configure("10-net.conflist", list("1.1.0"));
  m_stubs.add("bridge", result("1.1.0"));
  m_stubs.say("bridge.STATUS.exit", "1");
  m_stubs.say("bridge.STATUS.out", R"({"code":4,"msg":"missing containerID"})");
  for (const auto& [containerd, text] :
       std::vector<std::pair<const char*, std::string>>{{"1.7.0", ""},
                                                        {"2.0.0", ""},
                                                        {"2.0.1", "missing containerID"},
                                                        {"2.1.0", "missing containerID"}}) {
    auto cni = make(containerd);
    ASSERT_TRUE(cni.load());
    EXPECT_EQ(error_of(cni.status()), text) << containerd;
  }
}

}  // namespace
}  // namespace cni_matrix::cni
