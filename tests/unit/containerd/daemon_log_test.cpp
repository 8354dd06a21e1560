#include "containerd/daemon_log.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::containerd {
namespace {

TEST(DaemonLog, SaysWhyAConfigurationIsRefused) {
  EXPECT_EQ(refusal_in("time=\"1\" level=error msg=\"not supported\"\n"
                       "containerd: failed to load TOML from /run/c.toml: unsupported config "
                       "version `3`\n"),
            "unsupported config version `3`");
  EXPECT_EQ(refusal_in("level=warning msg=\"failed to load plugin\" error=\"invalid plugin config: "
                       "`a` and \\\"b\\\"\" id=io.containerd.cri.v1.runtime\n"
                       "level=warning msg=\"failed to load plugin\" error=\"unable to load\" "
                       "id=io.containerd.grpc.v1.cri\n"),
            "invalid plugin config: `a` and \"b\"");
  EXPECT_EQ(refusal_in("level=warning msg=\"failed to load plugin io.containerd.grpc.v1.cri\" "
                       "error=\"invalid plugin config: no corresponding runtime configured\""),
            "invalid plugin config: no corresponding runtime configured");
}

TEST(DaemonLog, TakesNoOtherTroubleForARefusal) {
  EXPECT_EQ(refusal_in(""), "");
  EXPECT_EQ(refusal_in("containerd: timeout waiting for the lock\n"), "");
  EXPECT_EQ(refusal_in("level=warning msg=\"failed to load plugin\" error=\"invalid plugin "
                       "config: x\" id=io.containerd.snapshotter.v1.zfs\n"),
            "");
  EXPECT_EQ(refusal_in("level=warning msg=\"failed to load plugin\" error=\"no such file\" "
                       "id=io.containerd.grpc.v1.cri\n"),
            "");
}

TEST(DaemonLog, SaysWhyTheDaemonEnded) {
  EXPECT_EQ(end_in("level=info msg=\"Stop CRI service\"\n"
                   "level=fatal msg=\"Failed to run CRI service\" error=\"cni network conf monitor "
                   "error: cni conf dir is removed, stop watching\"\n"),
            "cni network conf monitor error: cni conf dir is removed, stop watching");
  EXPECT_EQ(end_in("level=error msg=\"x\" error=\"y\"\n"), "");
}

TEST(DaemonLog, ShowsThePanicThatEndedIt) {
  const auto end = end_in(
      "level=info msg=\"Start cri plugin\"\n"
      "panic: runtime error: invalid memory address or nil pointer dereference\n"
      "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]\n\n"
      "goroutine 61 [running]:\ngithub.com/containernetworking/cni/libcni.ConfFromBytes(...)\n");
  EXPECT_EQ(end, "panic: runtime error: invalid memory address or nil pointer dereference");
  EXPECT_TRUE(is_panic(end));
  EXPECT_TRUE(is_panic(end_in("fatal error: concurrent map writes\n")));
  EXPECT_FALSE(is_panic("cni network conf monitor error: cni conf dir is removed"));
}

TEST(DaemonLog, SaysWhyThereIsNoNetwork) {
  EXPECT_EQ(
      load_error_in("level=error msg=\"Failed to load cni during init, please check CRI plugin "
                    "status before setting up network for pods\" error=\"cni config load "
                    "failed: no network config found in /etc/cni/net.d\"\n"),
      "cni config load failed: no network config found in /etc/cni/net.d");
  EXPECT_EQ(load_error_in("level=error msg=\"x\" error=\"y\"\n"), "");
}

}  // namespace
}  // namespace cni_matrix::containerd
