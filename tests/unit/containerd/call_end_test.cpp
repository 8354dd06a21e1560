#include "containerd/call_end.hpp"

#include "base/file.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::containerd {
namespace {

using namespace std::chrono_literals;

// As containerd 1.4.13 and 2.1.9 print them.
constexpr const char* k_begin =
    R"(time="2026-11-26T14:00:00Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:pod,Uid:u,Namespace:default,Attempt:0,}")"
    "\n";
constexpr const char* k_failed =
    R"(time="2026-11-26T14:00:01Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:pod,Uid:u,Namespace:default,Attempt:0,} failed, error" error="context deadline exceeded")"
    "\n";
constexpr const char* k_stopped =
    R"(time="2026-11-26T14:00:02Z" level=info msg="StopPodSandbox for \"0a\" returns successfully")"
    "\n";

TEST(CallEnd, IsALineOfTheLog) {
  EXPECT_FALSE(tells_end("", "RunPodSandbox"));
  EXPECT_FALSE(tells_end(k_begin, "RunPodSandbox"));
  EXPECT_TRUE(tells_end(std::string(k_begin) + k_failed, "RunPodSandbox"));
  EXPECT_FALSE(tells_end(std::string(k_begin) + k_failed, "StopPodSandbox"));
  EXPECT_TRUE(tells_end(k_stopped, "StopPodSandbox"));
}

TEST(CallEnd, OfAnEarlierCallDoesNotCount) {
  const auto directory = value_or_throw(TemporaryDirectory::create());
  const auto log = directory.path() / "log";
  EXPECT_FALSE(CallEnd(log).wait("RunPodSandbox", 0ms));
  value_or_throw(write_file(log, k_failed));
  const CallEnd end(log);
  EXPECT_FALSE(end.wait("RunPodSandbox", 0ms));
  value_or_throw(write_file(log, std::string(k_failed) + k_begin + k_failed));
  EXPECT_TRUE(end.wait("RunPodSandbox", 0ms));
}

}  // namespace
}  // namespace cni_matrix::containerd
