#include "containerd/status_info.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::containerd {
namespace {

TEST(StatusInfo, TakesLoadStatusAsTextOrJson) {
  NetworkStatus status;
  read_network_info(
      {{"lastCNILoadStatus", "OK"},
       {"lastCNILoadStatus.default", R"("cni config load failed: no network config")"},
       {"golang", R"("go1.19.8")"}},
      status);
  EXPECT_THAT(status.load_status,
              testing::ElementsAre(testing::Pair("lastCNILoadStatus", "OK"),
                                   testing::Pair("lastCNILoadStatus.default",
                                                 "cni config load failed: no network config")));
  EXPECT_TRUE(status.configuration.is_null());
}

TEST(StatusInfo, TakesTheConfiguration) {
  NetworkStatus status;
  read_network_info({{"cniconfig", R"({"Networks":[{"Config":{"Name":"net"}}]})"}}, status);
  EXPECT_EQ(status.configuration["Networks"][0]["Config"]["Name"], "net");
  read_network_info({{"cniconfig", "{"}}, status);
  EXPECT_TRUE(status.configuration.is_null());
}

TEST(StatusInfo, FindsTheNetworkNamespace) {
  EXPECT_EQ(netns_of({{"info", R"({"runtimeSpec":{"linux":{"namespaces":[{"type":"pid"},
                        {"type":"network","path":"/var/run/netns/cni-1"}]}}})"}}),
            "/var/run/netns/cni-1");
}

TEST(StatusInfo, FindsThePauseProcess) {
  EXPECT_EQ(pid_of({{"info", R"({"pid":123,"processStatus":"running"})"}}), 123);
  for (const char* text : {"", "[]", "{}", R"({"pid":-1})", R"({"pid":"1"})", R"({"pid":1e30})",
                           R"({"pid":99999999999})"}) {
    EXPECT_EQ(pid_of({{"info", text}}), 0) << text;
  }
  EXPECT_EQ(pid_of({}), 0);
}

TEST(StatusInfo, AnswersNothingWhereThereIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"runtimeSpec":null})", R"({"runtimeSpec":{"linux":{"namespaces":3}}})",
        R"({"runtimeSpec":{"linux":{"namespaces":[1,{"type":"network"}]}}})"}) {
    EXPECT_EQ(netns_of({{"info", text}}), "") << text;
  }
  EXPECT_EQ(netns_of({}), "");
}

}  // namespace
}  // namespace cni_matrix::containerd
