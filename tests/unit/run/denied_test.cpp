#include "run/denied.hpp"

#include <gtest/gtest.h>

namespace cni_matrix::run {
namespace {

TEST(Denied, TellsWhatLetsTheCallThrough) {
  EXPECT_EQ(denial_note({}, true), "");
  EXPECT_EQ(denial_note({"bpf by cilium-cni", "reboot"}, true),
            "; the node denied bpf by cilium-cni, reboot: try --privileged");
  // An ordinary user's option changes nothing.
  EXPECT_EQ(denial_note({"bpf"}, false),
            "; the node denied bpf: only root can give more, with --privileged");
}

}  // namespace
}  // namespace cni_matrix::run
