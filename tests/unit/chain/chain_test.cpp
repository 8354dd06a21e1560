#include "chain/chain.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace cni_matrix::chain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

constexpr const char* k_podman = R"({
  "cniVersion": "0.4.0", "name": "podman", "plugins": [
    {"type": "bridge", "bridge": "cni-podman0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
              "ranges": [[{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}]]}},
    {"type": "portmap", "capabilities": {"portMappings": true}},
    {"type": "firewall"},
    {"type": "tuning"}]})";

constexpr const char* k_flannel = R"({
  "name": "cbr0", "cniVersion": "0.3.1", "plugins": [
    {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
    {"type": "portmap", "capabilities": {"portMappings": true}}]})";

Chain chain_of(const char* text) {
  return Chain(Json::parse(text));
}

std::string part(const Chain& chain, std::string_view role) {
  const auto found = chain.find(role);
  return found ? found->type + " " + found->path : "none";
}

TEST(Chain, NamesItsPlugins) {
  const auto chain = chain_of(k_podman);
  EXPECT_EQ(part(chain, "@first"), "bridge /plugins/0");
  EXPECT_EQ(part(chain, "@last"), "tuning /plugins/3");
  EXPECT_EQ(part(chain, "@2"), "portmap /plugins/1");
  EXPECT_EQ(part(chain, "@-2"), "firewall /plugins/2");
  EXPECT_EQ(part(chain, "@5"), "none");
  EXPECT_EQ(part(chain, "@-5"), "none");
  EXPECT_EQ(part(chain, "@interface"), "bridge /plugins/0");
  EXPECT_EQ(part(chain, "@ipam"), "host-local /plugins/0/ipam");
  EXPECT_EQ(part(chain, "@masquerade"), "bridge /plugins/0");
  EXPECT_EQ(part(chain, "@ports"), "portmap /plugins/1");
  EXPECT_EQ(part(chain, "@capability:portMappings"), "portmap /plugins/1");
  EXPECT_EQ(part(chain, "@capability:bandwidth"), "none");
  EXPECT_EQ(part(chain, "firewall"), "firewall /plugins/2");
  EXPECT_EQ(part(chain, "host-local"), "host-local /plugins/0/ipam");
  EXPECT_EQ(part(chain, "calico"), "none");
  EXPECT_EQ(part(chain, ""), "none");
}

TEST(Chain, OfASinglePluginIsTheObjectItself) {
  const auto chain = chain_of(R"({"name": "n", "type": "macvlan", "ipam": {"type": "dhcp"}})");
  EXPECT_FALSE(chain.is_list());
  EXPECT_EQ(part(chain, "@first"), "macvlan ");
  EXPECT_EQ(part(chain, "@ipam"), "dhcp /ipam");
  EXPECT_EQ(chain.bridge(), "");
  EXPECT_EQ(chain.lease_directory(), "");
  EXPECT_FALSE(chain.range());
}

TEST(Chain, FindsTheInterfacePluginBehindChainedOnes) {
  EXPECT_EQ(
      part(chain_of(R"({"plugins": [{"type": "tuning"}, {"type": "acme-cni"}]})"), "@interface"),
      "acme-cni /plugins/1");
  EXPECT_EQ(part(chain_of(R"({"plugins": [{"type": "tuning"}]})"), "@interface"), "none");
}

TEST(Chain, LooksIntoWhatIsHandedOver) {
  const auto chain = chain_of(R"({"name": "cbr0", "plugins": [{"type": "flannel", "delegate":
      {"type": "bridge", "ipMasq": true, "ipam": {"type": "host-local", "subnet": "10.1.0.0/24"}}}]})");
  EXPECT_EQ(part(chain, "@interface"), "flannel /plugins/0");
  EXPECT_EQ(part(chain, "@ipam"), "host-local /plugins/0/delegate/ipam");
  EXPECT_EQ(part(chain, "@masquerade"), "flannel /plugins/0");
  EXPECT_EQ(part(chain, "bridge"), "bridge /plugins/0");
  EXPECT_EQ(chain.bridge(), "cni0");
  EXPECT_THAT(chain.traits(), ElementsAre("flannel", "bridge", "host-local", "ipMasq",
                                          "bridge.ipMasq", "bridge.ipMasq=true",
                                          "host-local.subnet", "host-local.subnet=10.1.0.0/24"));
  EXPECT_EQ(part(chain_of(k_flannel), "@ipam"), "none");
}

TEST(Chain, HasItsSettingsAsTraits) {
  const auto traits =
      chain_of(R"({"name": "n", "plugins": [{"type": "tuning", "mtu": 1400, "mac": null, "x": {},
                   "sysctl": {"net.core.somaxconn": "500"}},
                  {"type": "portmap", "capabilities": {"portMappings": true}}]})")
          .traits();
  EXPECT_THAT(traits, ElementsAre("tuning", "portmap", "tuning.mtu", "tuning.mtu=1400",
                                  "tuning.sysctl", "tuning.sysctl.net.core.somaxconn",
                                  "tuning.sysctl.net.core.somaxconn=500", "portmap.capabilities",
                                  "portmap.capabilities.portMappings",
                                  "portmap.capabilities.portMappings=true"));
}

TEST(Chain, KnowsWhetherTheNodeIsPartOfIt) {
  const auto cut_off = [](const char* plugin) {
    return chain_of((std::string(R"({"plugins": [{"type": )") + plugin + "}]}").c_str())
        .cuts_off_node();
  };
  EXPECT_TRUE(cut_off(R"("bridge")"));
  EXPECT_FALSE(cut_off(R"("bridge", "isGateway": true)"));
  EXPECT_FALSE(cut_off(R"("ptp")"));
  EXPECT_TRUE(cut_off(R"("macvlan")"));
  EXPECT_FALSE(cut_off(R"("acme-cni")"));
}

TEST(Chain, KnowsARouteWithoutGateway) {
  const auto traits = [](const char* route) {
    return chain_of(fmt::format(R"({{"plugins": [{{"type": "bridge",
                                     "ipam": {{"type": "x", "routes": [{}]}}}}]}})",
                                route)
                        .c_str())
        .traits();
  };
  EXPECT_THAT(traits(R"({"dst": "10.0.0.0/8"})"), Contains("route-without-gateway"));
  EXPECT_THAT(traits(R"({"dst": "10.0.0.0/8", "gw": "10.1.0.1"})"),
              Not(Contains("route-without-gateway")));
  EXPECT_THAT(traits(R"({"dst": "0.0.0.0/0"})"), Not(Contains("route-without-gateway")));
}

// encoding/json finds a field in any case.
TEST(Chain, ReadsKeysAsGoDoes) {
  const auto chain = chain_of(
      R"({"name": "n", "plugins": [{"Type": "ptp", "IPMASQ": true, "ipam": {"TYPE": "host-local", "Subnet": "10.1.0.0/24"}}]})");
  EXPECT_EQ(part(chain, "@interface"), "ptp /plugins/0");
  EXPECT_THAT(chain.traits(), IsSupersetOf({"ptp", "host-local", "ipMasq", "ptp.IPMASQ=true"}));
  EXPECT_EQ(chain.range()->subnet.str(), "10.1.0.0/24");
}

TEST(Chain, KnowsItsRangeAsHostLocalDoes) {
  const auto range = *chain_of(k_podman).range();
  EXPECT_EQ(range.subnet.str(), "10.88.0.0/16");
  EXPECT_EQ(range.gateway, "10.88.0.1");
  EXPECT_EQ(range.first, "10.88.0.2");
  EXPECT_EQ(range.last, "10.88.255.254");
  EXPECT_EQ(range.count(1000), 1000U);
  const auto of = [](const std::string& members) {
    return *chain_of(
                (R"({"name": "n", "plugins": [{"type": "ptp", "ipam": {"type": "host-local", )" +
                 members + "}}]}")
                    .c_str())
                .range();
  };
  EXPECT_EQ(of(R"("subnet": "10.1.0.0/30")").count(9), 1U);  // .1 is the gateway's
  EXPECT_EQ(
      of(R"("subnet": "10.1.0.0/24", "rangeStart": "10.1.0.10", "rangeEnd": "10.1.0.12")").count(9),
      3U);
  EXPECT_EQ(of(R"("subnet": "10.1.0.0/24", "gateway": "10.1.0.11",
                  "rangeStart": "10.1.0.10", "rangeEnd": "10.1.0.12")")
                .count(9),
            2U);
  // The range that stands in the object comes before those of "ranges".
  EXPECT_EQ(of(R"("subnet": "10.1.0.0/24", "ranges": [[{"subnet": "10.2.0.0/24"}]])").subnet.str(),
            "10.1.0.0/24");
  const auto six = of(R"("ranges": [[{"subnet": "fd00:1::/126"}]])");
  EXPECT_EQ(six.first, "fd00:1::2");
  EXPECT_EQ(six.last, "fd00:1::3");
  EXPECT_EQ(six.count(9), 2U);
}

TEST(Chain, KnowsWhereItsLeasesAre) {
  EXPECT_EQ(chain_of(k_podman).lease_directory(), "/var/lib/cni/networks/podman");
  EXPECT_EQ(chain_of(R"({"name": "kindnet", "plugins": [{"type": "ptp", "ipam":
                {"type": "host-local", "dataDir": "/run/cni-ipam-state"}}]})")
                .lease_directory(),
            "/run/cni-ipam-state/kindnet");
  EXPECT_EQ(chain_of(k_flannel).lease_directory(), "");
}

TEST(Chain, KnowsWhatItMakes) {
  EXPECT_TRUE(chain_of(k_podman).has_default_route());
  EXPECT_TRUE(chain_of(k_podman).has_gateway());
  EXPECT_TRUE(chain_of(k_podman).calls_iptables("@ports"));
  EXPECT_TRUE(chain_of(k_podman).calls_iptables("@masquerade"));
  EXPECT_FALSE(chain_of(k_podman).calls_iptables("@last"));
  const auto nftables = chain_of(R"({"name": "n", "plugins": [
      {"type": "ptp", "ipMasq": true, "ipMasqBackend": "nftables"},
      {"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": true}}]})");
  EXPECT_FALSE(nftables.calls_iptables(""));
  EXPECT_FALSE(nftables.has_default_route());
  EXPECT_TRUE(nftables.has_gateway());
  EXPECT_FALSE(
      chain_of(R"({"plugins": [{"type": "bridge", "isDefaultGateway": true}, {"type": "sbr"}]})")
          .has_default_route());
}

TEST(Chain, OfWhatIsNoConfigurationHasNothing) {
  for (const char* text : {"7", "null", "[]", "{}", R"({"plugins": [7, "bridge"]})"}) {
    const auto chain = chain_of(text);
    EXPECT_EQ(part(chain, "@first"), "none") << text;
    EXPECT_EQ(part(chain, "@ipam"), "none") << text;
    EXPECT_EQ(chain.bridge(), "");
  }
}

TEST(Chain, RefusesWhatIsNoRole) {
  for (const char* role : {"@first", "@2", "@-3", "@capability:x"}) {
    EXPECT_TRUE(Chain::check_role(role)) << role;
  }
  for (const char* role : {"@", "@0", "@frist", "@capability:", "@2x"}) {
    EXPECT_FALSE(Chain::check_role(role)) << role;
  }
}

TEST(Chain, NamesTheLinksAndTheVlansThatItTakes) {
  const auto chain = chain_of(R"({"name": "n", "plugins": [
      {"type": "macvlan", "master": "eno1"}, {"type": "vlan", "master": "eno1", "vlanId": 5},
      {"type": "vlan", "master": "eth0", "linkInContainer": true},
      {"type": "host-device", "device": "ens5"}, {"type": "bridge", "master": "none"},
      {"type": "ipvlan"}]})");
  EXPECT_THAT(chain.node_links(), ElementsAre("eno1", "ens5"));
  EXPECT_FALSE(chain.filters_vlans());
  EXPECT_TRUE(
      chain_of(R"({"name": "n", "plugins": [{"type": "bridge", "VLAN": 100}]})").filters_vlans());
  EXPECT_TRUE(chain_of(R"({"name": "n", "plugins": [{"type": "flannel", "delegate":
                           {"type": "bridge", "vlanTrunk": [{"id": 5}]}}]})")
                  .filters_vlans());
  EXPECT_FALSE(
      chain_of(R"({"name": "n", "plugins": [{"type": "bridge", "vlan": 0}]})").filters_vlans());
}

TEST(Chain, NamesTheExecutablesThatItTakes) {
  EXPECT_THAT(chain_of(k_podman).types(),
              ElementsAre("bridge", "host-local", "portmap", "firewall", "tuning"));
  EXPECT_TRUE(Chain::is_reference_plugin("vrf"));
  EXPECT_FALSE(Chain::is_reference_plugin("calico"));
}

}  // namespace
}  // namespace cni_matrix::chain
