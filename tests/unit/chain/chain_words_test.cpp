#include "chain/chain_words.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::chain {
namespace {

const Chain& bridge() {
  static const Chain chain(Json::parse(R"({
  "cniVersion": "1.0.0", "name": "n", "plugins": [
    {"type": "bridge", "isGateway": true, "ipMasq": true,
     "ipam": {"type": "host-local", "subnet": "10.1.0.0/29", "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}},
    {"type": "firewall"}]})"));
  return chain;
}

const Chain& macvlan() {
  static const Chain chain(Json::parse(
      R"({"name": "n", "type": "macvlan", "master": "uplink", "ipam": {"type": "static"}})"));
  return chain;
}

const Chain& vendor() {
  static const Chain chain(Json::parse(R"({"name": "n", "plugins": [{"type": "acme-cni"}]})"));
  return chain;
}

TEST(ChainWords, AreWhatAChainHas) {
  for (const char* word :
       {"@ports", "@masquerade", "@ipam=host-local", "@interface=ptp,bridge", "plugins>=3",
        "pods>=5", "list", "checks", "default-route", "gateway", "ipv4", "iptables",
        "iptables=@ports", "no=tuning", "no-force", "takes=0.4.0"}) {
    EXPECT_TRUE(check_chain_word(word)) << word;
    EXPECT_EQ(lack_of(bridge(), word), "") << word;
  }
}

TEST(ChainWords, SayWhatAChainLacks) {
  const std::vector<std::tuple<const Chain*, const char*, const char*>> lacks = {
      {&macvlan(), "@ports", "no plugin of the chain declares the capability portMappings"},
      {&macvlan(), "@masquerade", "no plugin of the chain has ipMasq"},
      {&vendor(), "@ipam", "the chain's interface plugin has no IPAM plugin"},
      {&macvlan(), "@interface=bridge",
       "the chain's interface plugin is macvlan, and this is about bridge"},
      {&macvlan(), "@ipam=host-local",
       "the chain's IPAM plugin is static, and this is about host-local"},
      {&macvlan(), "@2", "the chain has 1 plugin only, and none is @2"},
      {&macvlan(), "plugins>=2", "the chain has 1 plugin, and this takes 2"},
      {&macvlan(), "pods>=2", "the chain has room for 1 pod at once, and this runs 2"},
      {&bridge(), "pods>=20", "the chain has room for 5 pods at once, and this runs 20"},
      {&macvlan(), "list", "the configuration is a single plugin (.conf), and no list"},
      {&vendor(), "checks", "what CHECK of acme-cni looks at is not known"},
      {&vendor(), "default-route", "the chain gives the pod no default route in its main table"},
      {&macvlan(), "gateway", "the node has no address in the pod's network"},
      {&macvlan(), "ipv4", "the chain's first range is not of IPv4"},
      {&macvlan(), "iptables", "no plugin of the chain calls iptables"},
      {&macvlan(), "iptables=@ports",
       "no plugin of the chain declares the capability portMappings"},
      {&bridge(), "no=firewall", "the chain has firewall already"},
      {&bridge(), "takes=0.3.1", "the chain's plugin firewall takes no cniVersion 0.3.1"}};
  for (const auto& [chain, word, lack] : lacks) {
    EXPECT_EQ(lack_of(*chain, word), lack) << word;
  }
  EXPECT_EQ(lack_of_plugin(bridge(), "calico"), "the chain has no plugin calico");
  EXPECT_EQ(lack_of_plugin(bridge(), "host-local"), "");
}

// A vendor's IPAM is taken to have room.
TEST(ChainWords, TakeWhatIsNotKnownForEnough) {
  EXPECT_EQ(lack_of(vendor(), "pods>=20"), "");
  EXPECT_EQ(lack_of(vendor(), "takes=0.1.0"), "");
}

TEST(ChainWords, AreRefusedWhereTheyAreNone) {
  for (const char* word : {"", "ports", "@frist", "@ipam=", "@ipam>=2", "plugins=2", "pods>=x",
                           "iptables=portmap", "no=", "takes=", "list=1", "ipv6"}) {
    const auto good = check_chain_word(word);
    ASSERT_FALSE(good) << word;
    EXPECT_EQ(good.error().kind, ErrorKind::input) << word;
  }
}

}  // namespace
}  // namespace cni_matrix::chain
