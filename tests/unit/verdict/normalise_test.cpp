#include "verdict/normalise.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cni_matrix::verdict {
namespace {

const std::string k_id(64, 'a');

TEST(Normalise, TakesOutWhatDiffers) {
  const auto uuid = std::string("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed");
  EXPECT_EQ(normalise_error("sandbox \"" + k_id + "\" /var/run/netns/cni-" + uuid + " \n"),
            "sandbox \"<ID>\" /var/run/netns/cni-<UUID>");
  EXPECT_EQ(normalise_error("in path [/opt/cni/bin], /etc/cni/net.d/10-x.conf"),
            "in path [<DIR>/bin], <DIR>/net.d/10-x.conf");
  EXPECT_EQ(normalise_error("-C CNI-DN-0a1b2c3d4e5f60718293a -j CNI-HOSTPORT-DNAT"),
            "-C CNI-DN-<HASH> -j CNI-HOSTPORT-DNAT");
  EXPECT_EQ(normalise_error("iptables v1.8.9 (nf_tables): no"), "iptables v<VERSION>: no");
  EXPECT_EQ(normalise_error("config is \"1.0.0\""), "config is \"1.0.0\"");
  const auto once = normalise_error("a CNI-0123456789abcdef01234567 " + k_id + uuid);
  EXPECT_EQ(normalise_error(once), once);
}

TEST(Normalise, WhatChanceDecidesIsTakenOut) {
  EXPECT_EQ(comparable_error("after 2.5s, 300ms, 1m2.5s and 0.4 s"),
            "after <TIME>, <TIME>, <TIME> and <TIME>");
  EXPECT_EQ(comparable_error("link veth0a1b2c3d has 0a:58:0a:58:00:02"), "link <VETH> has <MAC>");
  EXPECT_EQ(comparable_error("2026-11-26T22:48:56.123Z: no"), "<DATE>: no");
  // Numbers that mean something stay.
  for (const auto* text : {"exit status 2", "10.88.0.2/16", "cniVersion 1.0.0", "port 8080 seen",
                           "12 usable addresses", "3 hosts", "5 minds"}) {
    EXPECT_EQ(comparable_error(text), text);
  }
  EXPECT_EQ(comparable_error(std::string(1'000'000, '7')).size(), 1'000'000U);
}

}  // namespace
}  // namespace cni_matrix::verdict
