#include "stub_plugins.hpp"

#include "cni/libcni.hpp"
#include "go/json_parse.hpp"
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>

namespace cni_matrix::cni {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The host's packaged libcni may be too old to compare with (see tests/integration/cni).
class GarbageCollection : public ::testing::Test {
 protected:
  GarbageCollection() {
    m_stubs.add("one", R"({"cniVersion":"1.1.0"})");
    m_stubs.add("two", R"({"cniVersion":"1.1.0"})");
  }

  Libcni library(const Version& version = {1, 3, 0, ""}) {
    return {LibcniTraits::of(version),
            {m_stubs.plugin_dir()},
            m_stubs.cache_dir(),
            fixed_environment()};
  }

  static NetworkConfigList list(const std::string& version, const std::string& more = {}) {
    return conf_list_from_bytes(R"({"name":"net","cniVersion":")" + version + "\"," + more +
                                    R"("plugins":[{"type":"one"},{"type":"two"}]})",
                                LibcniTraits::of({1, 3, 0, ""}))
        .value();
  }

  static RuntimeConf pod(const std::string& id) {
    RuntimeConf runtime;
    runtime.container_id = id;
    runtime.netns = "/run/netns/" + id;
    runtime.interface = "eth0";
    runtime.arguments = {{"IgnoreUnknown", "1"}};
    return runtime;
  }

  // Attach pods a and b, forget those calls, and collect what is not a's.
  std::string calls_of_collection(const NetworkConfigList& list, Libcni libcni) {
    for (const char* id : {"a", "b"}) {
      EXPECT_TRUE(libcni.add_network_list(list, pod(id)));
    }
    m_stubs.take_calls();
    m_answer =
        libcni.gc_network_list(list, {{"a", "eth0"}}, std::chrono::steady_clock::time_point::max());
    return m_stubs.take_calls();
  }

  bool is_cached(const std::string& id) {
    return std::filesystem::exists(m_stubs.cache_dir() / "results" / ("net-" + id + "-eth0"));
  }

  testing::StubPlugins m_stubs;
  go::Decoded<void> m_answer;
};

TEST_F(GarbageCollection, DeletesWhatIsNotValidAndAsksThePlugins) {
  const auto calls = calls_of_collection(list("1.1.0"), library());
  EXPECT_TRUE(m_answer);
  EXPECT_THAT(calls, HasSubstr("two DEL b /run/netns/b eth0 IgnoreUnknown=1"));
  EXPECT_THAT(calls, Not(HasSubstr("DEL a")));
  const std::string valid = R"([{"containerID":"a","ifname":"eth0"}])";
  EXPECT_THAT(calls,
              HasSubstr(R"({"cni.dev/attachments":)" + valid + R"(,"cni.dev/valid-attachments":)" +
                        valid + R"(,"cniVersion":"1.1.0","name":"net","type":"two"})"));
  EXPECT_TRUE(is_cached("a"));
  EXPECT_FALSE(is_cached("b"));
}

TEST_F(GarbageCollection, SendsOneKeyBefore123) {
  const auto calls = calls_of_collection(list("1.1.0"), library({1, 2, 2, ""}));
  EXPECT_THAT(calls, HasSubstr("cni.dev/valid-attachments"));
  EXPECT_THAT(calls, Not(HasSubstr("cni.dev/attachments")));
}

TEST_F(GarbageCollection, AsksNoPluginBefore110) {
  const auto calls = calls_of_collection(list("1.0.0"), library());
  EXPECT_THAT(calls, HasSubstr("two DEL b"));
  EXPECT_THAT(calls, Not(HasSubstr("GC")));
}

TEST_F(GarbageCollection, DoesNothingWhenDisabled) {
  EXPECT_EQ(calls_of_collection(list("1.1.0", R"("disableGC":true,)"), library()), "");
  EXPECT_TRUE(m_answer);
  EXPECT_TRUE(is_cached("b"));
}

TEST_F(GarbageCollection, GoesOnAndTellsAllErrors) {
  for (const auto* call : {"two.DEL", "one.GC", "two.GC"}) {
    m_stubs.say(call + std::string(".exit"), "1");
    m_stubs.say(call + std::string(".out"), R"({"code":7,"msg":"no"})");
  }
  calls_of_collection(list("1.1.0"), library());
  ASSERT_FALSE(m_answer);
  EXPECT_EQ(m_answer.error(),
            "failed to delete stale attachment b eth0: plugin type=\"two\" failed (delete): no\n"
            "failed to GC plugin one: no\nfailed to GC plugin two: no");
}

TEST_F(GarbageCollection, SetsTheParametersOfCniItself) {
  auto environment = fixed_environment();
  environment.emplace_back("CNI_IFNAME=wrong");
  Libcni libcni(LibcniTraits::of({1, 3, 0, ""}), {m_stubs.plugin_dir()}, m_stubs.cache_dir(),
                environment);
  EXPECT_TRUE(libcni.add_network_list(list("1.1.0"), pod("a")));
  EXPECT_THAT(m_stubs.take_calls(), HasSubstr("one ADD a /run/netns/a eth0 "));
}

}  // namespace
}  // namespace cni_matrix::cni
