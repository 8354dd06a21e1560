#include "verdict/residue.hpp"

#include <gmock/gmock.h>

#include <set>

namespace cni_matrix::verdict {
namespace {

using node::LeakClass;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Residue& shipped() {
  static const auto residue = value_or_throw(Residue::load());
  return residue;
}

TEST(ResidueFile, TellsThatForwardingAndTheBridgeStay) {
  EXPECT_NE(shipped().find(LeakClass::link, "cni0 (bridge)"), nullptr);
  EXPECT_EQ(shipped().find(LeakClass::link, "bwp0123 (ifb)"), nullptr);
  EXPECT_NE(shipped().find(LeakClass::sysctl, "net.ipv4.ip_forward=1"), nullptr);
  EXPECT_EQ(shipped().find(LeakClass::sysctl, "net.ipv4.ip_forward=0"), nullptr);
  // The class counts too.
  EXPECT_EQ(shipped().find(LeakClass::veth, "cni0 (bridge)"), nullptr);
}

TEST(ResidueFile, TakesNoLeaseForALock) {
  const std::string networks = "/var/lib/cni/networks/";
  EXPECT_NE(shipped().find(LeakClass::lease, networks + "n/lock"), nullptr);
  EXPECT_NE(shipped().find(LeakClass::lease, networks + "n/last_reserved_ip.0"), nullptr);
  EXPECT_EQ(shipped().find(LeakClass::lease, networks + "lock/10.0.0.2"), nullptr);
  EXPECT_EQ(shipped().find(LeakClass::lease, networks + "last_reserved_ip.0/10.0.0.2"), nullptr);
}

TEST(ResidueFile, IsPortmapsSharedChainsOnly) {
  node::Inventory leftover;
  leftover.of(LeakClass::nat_rule) = {
      "ip -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
      "ip -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
      "ip -A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 18080 -j CNI-DN-0123456789abcdef01234",
      "ip -A POSTROUTING -s 10.88.0.2/32 -j CNI-0123456789abcdef01234567"};
  leftover.of(LeakClass::lease) = {"/var/lib/cni/networks/containerd-net/last_reserved_ip.0",
                                   "/var/lib/cni/networks/containerd-net/10.88.0.2"};
  const auto parts = split_residue(leftover);
  EXPECT_EQ(parts.leaked.of(LeakClass::nat_rule).size(), 2U);
  EXPECT_EQ(parts.residue.of(LeakClass::nat_rule).size(), 2U);
  EXPECT_THAT(parts.leaked.of(LeakClass::lease),
              ElementsAre("/var/lib/cni/networks/containerd-net/10.88.0.2"));
  EXPECT_EQ(node::classes_of(parts.leaked), (std::set{LeakClass::nat_rule, LeakClass::lease}));
}

TEST(Residue, SplitsWithOwners) {
  const auto residue = value_or_throw(Residue::from_json(
      Json::parse(R"({"residue": [{"class": "lease", "entries": ["*/lock"], "madeBy": "m",
                                   "why": "w"}]})"),
      "mine.json"));
  node::Inventory leftover;
  leftover.of(LeakClass::lease) = {"/n/lock", "/n/10.0.0.2"};
  leftover.owners = {{"/n/10.0.0.2", "a"}};
  leftover.of(LeakClass::veth) = {"/n/lock"};
  const auto parts = residue.split(leftover);
  EXPECT_THAT(parts.leaked.of(LeakClass::lease), ElementsAre("/n/10.0.0.2"));
  EXPECT_THAT(parts.residue.of(LeakClass::lease), ElementsAre("/n/lock"));
  EXPECT_THAT(parts.leaked.of(LeakClass::veth), ElementsAre("/n/lock"));
  EXPECT_EQ(parts.leaked.owners, leftover.owners);
  EXPECT_TRUE(parts.residue.owners.empty());
}

TEST(Residue, RefusesAClassThatThereIsNot) {
  const auto result = Residue::from_json(
      Json::parse(R"({"residue": [{"class": "cgroup", "entries": ["*"], "madeBy": "m",
                                   "why": "w"}]})"),
      "mine.json");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::input);
  EXPECT_THAT(result.error().message, HasSubstr("mine.json: at /residue/0/class"));
}

}  // namespace
}  // namespace cni_matrix::verdict
