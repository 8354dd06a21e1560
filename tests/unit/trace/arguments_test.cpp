#include "recording.hpp"

namespace cni_matrix::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(TraceRules, SameArgsOnDel) {
  Recording seen;
  seen.call("bridge", "ADD").environment["CNI_ARGS"] = "A=1;B=2";
  auto ordered = seen;
  ordered.call("bridge", "DEL").environment["CNI_ARGS"] = "B=2;A=1";
  EXPECT_THAT(violations("same-args-on-del", ordered.trace, {}), IsEmpty());
  seen.call("bridge", "DEL").environment["CNI_ARGS"] = "B=3;C=4";
  EXPECT_THAT(violations("same-args-on-del", seen.trace, {}),
              says("bridge DEL", "A is missing, B is 3 and was 2, C=4 is new"));
}

TEST(TraceRules, SameInterfaceOnDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  seen.call("bridge", "DEL").environment["CNI_IFNAME"] = "eth1";
  EXPECT_THAT(violations("same-interface-on-del", seen.trace, {}),
              says("bridge DEL", "on eth1: ADD of network \"net\" was for eth0"));
  seen.trace.back().environment["CNI_IFNAME"] = "eth0";
  EXPECT_THAT(violations("same-interface-on-del", seen.trace, {}), IsEmpty());
}

TEST(TraceRules, PodArguments) {
  Recording seen;
  seen.call("bridge", "ADD").environment["CNI_ARGS"] =
      std::string("K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod;K8S_POD_INFRA_CONTAINER_ID=") + k_pod;
  EXPECT_THAT(violations("pod-arguments", seen.trace, {}),
              says("bridge ADD", "without K8S_POD_UID"));
  TraceFacts old;
  old.pod_uid = false;
  EXPECT_THAT(violations("pod-arguments", seen.trace, old), IsEmpty());
  seen.trace.back().environment["CNI_ARGS"] =
      "K8S_POD_NAMESPACE=default;K8S_POD_NAME=;K8S_POD_INFRA_CONTAINER_ID=another";
  EXPECT_THAT(violations("pod-arguments", seen.trace, old),
              ElementsAre(HasSubstr("without K8S_POD_NAME"), HasSubstr("another container")));
}

TEST(TraceRules, NetnsOnAdd) {
  Recording seen;
  seen.call("bridge", "ADD").environment["CNI_NETNS"] = "";
  EXPECT_THAT(violations("netns-on-add", seen.trace, {}), says("bridge ADD", "empty CNI_NETNS"));
}

TEST(TraceRules, NetnsOnDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  auto other = seen;
  other.call("bridge", "DEL").environment["CNI_NETNS"] = "/var/run/netns/cni-2";
  EXPECT_THAT(violations("netns-on-del", other.trace, {}),
              says("bridge DEL", "/run/netns/cni-2, ADD got /run/netns/cni-1"));
  other.trace.back().environment["CNI_NETNS"] = "/run/netns/cni-1";  // the same by another name
  EXPECT_THAT(violations("netns-on-del", other.trace, {}), IsEmpty());
  const auto del_ns = seen.call("bridge", "DEL").start_ns;
  TraceFacts gone;
  gone.netns_gone_ns = {{k_netns, del_ns - 3'000'000}};
  EXPECT_THAT(violations("netns-on-del", seen.trace, gone),
              says("bridge DEL", "/var/run/netns/cni-1, which was removed 3 ms before"));
  gone.netns_gone_ns = {{k_netns, del_ns + 1}};
  EXPECT_THAT(violations("netns-on-del", seen.trace, gone), IsEmpty());
  gone.netns_gone_ns = {{k_netns, 0}};
  seen.trace.back().environment["CNI_NETNS"] = "";
  EXPECT_THAT(violations("netns-on-del", seen.trace, gone), IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::trace
