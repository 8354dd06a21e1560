// What the embedded runtime does without any network namespace: pods of the host's network, unknown
// pods, readiness, restarts. The rest needs root and real plugins: tests/integration/run.
#include "embedded/embedded_runtime.hpp"

#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace cni_matrix::embedded {
namespace {

using testing::HasSubstr;

constexpr const char* k_conflist =
    R"({"cniVersion":"0.4.0","name":"n","plugins":[{"type":"none"}]})";

class EmbeddedRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    m_options.cni.plugin_dirs = {m_directory.path() / "bin"};
    m_options.cni.conf_dir = m_directory.path() / "net.d";
    m_options.cni.cache_dir = m_directory.path() / "cache";
    m_options.state = m_directory.path() / "state";
    m_options.tasks = m_directory.path() / "run";
    m_options.netns = m_directory.path() / "netns";
    m_options.log = m_directory.path() / "log";
    std::filesystem::create_directory(m_options.cni.conf_dir);
    m_host_pod.name = "host";
    m_host_pod.host_network = true;
  }

  std::unique_ptr<PodRuntime> started(const char* version) {
    auto runtime = make_embedded_runtime(*Version::parse(version), m_options);
    EXPECT_TRUE(runtime) << runtime.error().message;
    const auto begun = (*runtime)->start();
    EXPECT_TRUE(begun) << begun.error().message;
    return std::move(*runtime);
  }

  std::filesystem::path conflist() const { return m_options.cni.conf_dir / "10-n.conflist"; }

  TemporaryDirectory m_directory = std::move(TemporaryDirectory::create().value());
  EmbeddedOptions m_options;
  PodSpec m_host_pod;
};

TEST_F(EmbeddedRuntimeTest, RefusesAVersionWithoutProfile) {
  const auto runtime = make_embedded_runtime(*Version::parse("0.2.0"), m_options);
  ASSERT_FALSE(runtime);
  EXPECT_EQ(runtime.error().kind, ErrorKind::input);
}

// libcni up to 1.0.1 dies of it, and all of containerd with it.
TEST_F(EmbeddedRuntimeTest, DiesOfAPluginThatIsNull) {
  const std::string null = R"({"cniVersion": "0.4.0", "name": "n", "plugins": [null]})";
  const std::string words =
      "containerd has ended: panic: runtime error: invalid memory address or nil pointer "
      "dereference";
  value_or_throw(write_file(conflist(), null));
  const auto at_start = make_embedded_runtime(*Version::parse("1.4.13"), m_options);
  ASSERT_TRUE(at_start);
  EXPECT_FALSE((*at_start)->start());
  EXPECT_EQ((*at_start)->last_words(), words);

  value_or_throw(write_file(conflist(), k_conflist));
  const auto runtime = started("1.4.13");
  EXPECT_EQ(runtime->last_words(), "");
  value_or_throw(write_file(conflist(), null));
  const auto pods = runtime->list_pod_sandboxes();
  ASSERT_FALSE(pods);
  EXPECT_EQ(pods.error().code, "Unavailable");
  EXPECT_EQ(pods.error().message, words);
  EXPECT_EQ(runtime->last_words(), words);

  const auto later = started("1.6.20");
  EXPECT_EQ(later->last_words(), "");
}

// Status is JSON, which has no other text than UTF-8.
TEST_F(EmbeddedRuntimeTest, LoadsLatin1) {
  value_or_throw(write_file(conflist(),
                            "{\"cniVersion\": \"0.4.0\", \"name\": \"n\", \"x\": "
                            "\"\xFC\", \"plugins\": [{\"type\": \"none\"}]}"));
  const auto status = started("1.6.20")->network_status();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(status->network_ready);
  EXPECT_THAT(status->configuration.dump(), HasSubstr("\xEF\xBF\xBD"));
}

TEST_F(EmbeddedRuntimeTest, DoesNotAnswerBeforeItsStart) {
  auto runtime = make_embedded_runtime(*Version::parse("1.7.0"), m_options);
  ASSERT_TRUE(runtime);
  const auto pods = (*runtime)->list_pod_sandboxes();
  ASSERT_FALSE(pods);
  EXPECT_EQ(pods.error().code, "Unavailable");
}

TEST_F(EmbeddedRuntimeTest, RunsAPodOfTheHostNetworkWithoutAnyConfiguration) {
  auto runtime = started("1.4.13");
  const auto id = runtime->run_pod_sandbox(m_host_pod);
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(id->size(), 64U);
  auto status = runtime->pod_sandbox_status(*id);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, PodState::ready);
  EXPECT_TRUE(status->ips.empty());
  EXPECT_TRUE(runtime->stop_pod_sandbox(*id));
  EXPECT_EQ(runtime->pod_sandbox_status(*id)->state, PodState::not_ready);
  EXPECT_TRUE(runtime->stop_pod_sandbox(*id));
  EXPECT_TRUE(runtime->remove_pod_sandbox(*id));
  EXPECT_TRUE(runtime->remove_pod_sandbox(*id));
  EXPECT_TRUE(runtime->list_pod_sandboxes()->empty());
}

TEST_F(EmbeddedRuntimeTest, ReservesThePodsName) {
  auto runtime = started("1.6.20");
  const auto id = runtime->run_pod_sandbox(m_host_pod);
  ASSERT_TRUE(id);
  const auto second = runtime->run_pod_sandbox(m_host_pod);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "failed to reserve sandbox name \"host_default__0\": name \"host_default__0\" is "
            "reserved for \"" +
                *id + "\"");
}

TEST_F(EmbeddedRuntimeTest, PodsOutliveARestartAndAnUpgrade) {
  std::string id;
  {
    auto runtime = started("1.4.13");
    id = runtime->run_pod_sandbox(m_host_pod).value();
    ASSERT_TRUE(runtime->shut_down());
    ASSERT_TRUE(runtime->start());
    EXPECT_EQ(runtime->pod_sandbox_status(id)->state, PodState::ready);
    ASSERT_TRUE(runtime->stop_pod_sandbox(id));
    ASSERT_TRUE(runtime->shut_down());
  }
  auto upgraded = started("2.1.9");
  const auto pods = upgraded->list_pod_sandboxes();
  ASSERT_TRUE(pods);
  ASSERT_EQ(pods->size(), 1U);
  EXPECT_EQ(pods->front().id, id);
  EXPECT_EQ(pods->front().state, PodState::not_ready);
}

TEST_F(EmbeddedRuntimeTest, PodsOf2ComeBackNotReadyOn1) {
  auto newer = started("2.1.9");
  const auto id = newer->run_pod_sandbox(m_host_pod);
  ASSERT_TRUE(id);
  ASSERT_TRUE(newer->shut_down());
  EXPECT_EQ(started("1.7.24")->pod_sandbox_status(*id)->state, PodState::not_ready);
  EXPECT_EQ(started("2.1.9")->pod_sandbox_status(*id)->state, PodState::not_ready);
}

TEST_F(EmbeddedRuntimeTest, RemovalOfARunningPodDependsOnTheVersion) {
  auto old = started("1.3.0");
  const auto id = old->run_pod_sandbox(m_host_pod);
  ASSERT_TRUE(id);
  const auto refused = old->remove_pod_sandbox(*id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "sandbox container \"" + *id + "\" is not fully stopped");
  ASSERT_TRUE(old->shut_down());
  auto newer = started("1.4.0");
  EXPECT_TRUE(newer->remove_pod_sandbox(*id));
}

TEST_F(EmbeddedRuntimeTest, StopOfAnUnknownPodDependsOnTheVersion) {
  const auto stopped = started("1.7.20")->stop_pod_sandbox("abc");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "NotFound");
  EXPECT_EQ(stopped.error().message,
            "an error occurred when try to find sandbox \"abc\": not found");
  EXPECT_TRUE(started("1.7.21")->stop_pod_sandbox("abc"));
}

TEST_F(EmbeddedRuntimeTest, StatusSaysWhyThereIsNoNetwork) {
  const auto status = started("1.6.20")->network_status();
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->network_ready);
  EXPECT_EQ(status->reason, "NetworkPluginNotReady");
  EXPECT_EQ(status->message, "Network plugin returns error: cni plugin not initialized");
  EXPECT_EQ(status->load_status.at("lastCNILoadStatus"),
            "cni config load failed: no network config found in " +
                m_options.cni.conf_dir.string() +
                ": cni plugin not initialized: failed to load cni config");
  EXPECT_EQ(status->load_status.at("lastCNILoadStatus.default"),
            status->load_status.at("lastCNILoadStatus"));
}

TEST_F(EmbeddedRuntimeTest, KeysOfTheLoadStatusDependOnTheVersion) {
  EXPECT_EQ(started("1.3.0")->network_status()->load_status.size(), 0U);
  EXPECT_EQ(started("1.5.11")->network_status()->load_status.size(), 1U);
  EXPECT_EQ(started("1.6.0")->network_status()->load_status.size(), 2U);
}

TEST_F(EmbeddedRuntimeTest, EditsAreSeenAndFilesMovedInAreNot) {
  auto runtime = started("1.6.20");
  ASSERT_TRUE(write_file(m_directory.path() / "new", k_conflist));
  std::filesystem::rename(m_directory.path() / "new", conflist());
  EXPECT_FALSE(runtime->network_status()->network_ready);
  ASSERT_TRUE(write_file(conflist(), k_conflist));
  EXPECT_TRUE(runtime->network_status()->network_ready);
  std::filesystem::remove(conflist());
  EXPECT_FALSE(runtime->network_status()->network_ready);
}

TEST_F(EmbeddedRuntimeTest, Version13LoadsAtEveryStatus) {
  auto runtime = started("1.3.0");
  ASSERT_TRUE(write_file(m_directory.path() / "new", k_conflist));
  std::filesystem::rename(m_directory.path() / "new", conflist());
  EXPECT_TRUE(runtime->network_status()->network_ready);
}

TEST_F(EmbeddedRuntimeTest, RemovalOfTheDirectoryEnds21AndNot20) {
  ASSERT_TRUE(write_file(conflist(), k_conflist));
  auto old = started("2.0.0");
  auto newer = started("2.1.0");
  std::filesystem::remove_all(m_options.cni.conf_dir);
  EXPECT_TRUE(old->network_status());
  const auto status = newer->network_status();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, "Unavailable");
  EXPECT_EQ(status.error().message,
            "containerd has ended: cni network conf monitor error: cni conf dir is removed, stop "
            "watching");
}

TEST_F(EmbeddedRuntimeTest, RefusesANewerConfigurationFile) {
  m_options.settings.config_version = 3;
  auto runtime = make_embedded_runtime(*Version::parse("1.7.24"), m_options);
  ASSERT_TRUE(runtime);
  const auto refused = (*runtime)->start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::input);
  EXPECT_EQ(refused.error().message, "unsupported config version `3`");
  EXPECT_EQ((*runtime)->list_pod_sandboxes().error().code, "Unavailable");
  started("2.0.0");
}

TEST_F(EmbeddedRuntimeTest, WatchesTheDirectoryOfAHandler) {
  ASSERT_TRUE(write_file(conflist(), k_conflist));
  const auto own = m_directory.path() / "own.d";
  m_options.settings.handlers = {{"own", {own.string(), 0}}, {"plain", {}}};
  auto runtime = started("1.6.20");
  auto status = runtime->network_status();
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->network_ready);
  EXPECT_EQ(status->load_status.size(), 3U);
  EXPECT_EQ(status->load_status.at("lastCNILoadStatus"), "OK");
  EXPECT_THAT(status->load_status.at("lastCNILoadStatus.own"),
              HasSubstr("no network config found in " + own.string()));
  ASSERT_TRUE(write_file(own / "10-n.conflist", k_conflist));
  EXPECT_EQ(runtime->network_status()->load_status.at("lastCNILoadStatus.own"), "OK");
  EXPECT_EQ(started("1.5.18")->network_status()->load_status.size(), 1U);
}

TEST_F(EmbeddedRuntimeTest, SpeaksTheCriOfItsVersion) {
  EXPECT_TRUE(started("1.5.18")->call_api("v1alpha2"));
  EXPECT_FALSE(started("1.5.18")->call_api("v1"));
  EXPECT_TRUE(started("1.6.0")->call_api("v1alpha2"));
  EXPECT_TRUE(started("1.6.0")->call_api("v1"));
  const auto gone = started("2.0.0")->call_api("v1alpha2");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, "Unimplemented");
  EXPECT_EQ(gone.error().message, "unknown service runtime.v1alpha2.RuntimeService");
}

}  // namespace
}  // namespace cni_matrix::embedded
