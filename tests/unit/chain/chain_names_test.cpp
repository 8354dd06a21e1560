#include "chain/chain_names.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::chain {
namespace {

using testing::HasSubstr;

Chain podman() {
  return Chain(Json::parse(R"({
    "cniVersion": "0.4.0", "name": "podman.net", "plugins": [
      {"type": "bridge", "bridge": "other0", "ipMasq": true,
       "ipam": {"type": "host-local", "subnet": "10.99.4.0/24"}},
      {"type": "portmap", "capabilities": {"portMappings": true}},
      {"type": "tuning"}]})"));
}

Json filled(const char* step) {
  const auto chain = podman();
  return value_or_throw(ChainNames(chain).fill(Json::parse(step), chain));
}

TEST(ChainNames, AreTheChainsOwn) {
  EXPECT_EQ(filled(R"({"step": "remove-plugin", "plugin": "@ports"})").at("plugin"), "portmap");
  EXPECT_EQ(filled(R"({"step": "delete-link", "link": "<BRIDGE>"})").at("link"), "other0");
  EXPECT_EQ(
      filled(R"({"step": "x", "text": "<ADDRESS> <GATEWAY> <SUBNET> <LEASES> <@ipam> <@last>"})")
          .at("text"),
      "10.99.4.2/24 10.99.4.1 10.99.4.0/24 /var/lib/cni/networks/podman.net host-local tuning");
}

TEST(ChainNames, StandInWhatPeopleRead) {
  const ChainNames names(podman());
  EXPECT_EQ(names.told("rm <LEASES>/*; ip link delete <BRIDGE>; <PLUGIN> of <NETWORK>"),
            "rm /var/lib/cni/networks/podman.net/*; ip link delete other0; <PLUGIN> of podman.net");
  const ChainNames none(Chain(Json::parse(R"({"name": "n\u001b[2J", "plugins": []})")));
  EXPECT_EQ(none.told("<BRIDGE>"), "<BRIDGE>");
  EXPECT_EQ(none.told("<NETWORK>").find('\x1b'), std::string::npos);
}

TEST(ChainNames, OfOtherNetworksMeetNeitherItNorTheNode) {
  EXPECT_EQ(filled(R"({"step": "x", "text": "<OTHER_NETWORK> <OTHER_BRIDGE> <OTHER_SUBNET>"})")
                .at("text"),
            "other-net other09 10.98.0.0/16");
  EXPECT_EQ(filled(R"({"step": "x", "text": "<THIRD_NETWORK> <THIRD_BRIDGE> <THIRD_SUBNET>"})")
                .at("text"),
            "third-net third0 10.97.0.0/16");
}

TEST(ChainNames, AreQuotedInRegularExpressions) {
  EXPECT_EQ(filled(R"({"step": "stop", "expect": "^<NETWORK>: <ID> .*$"})").at("expect"),
            R"(^podman\.net: <ID> .*$)");
  EXPECT_EQ(filled(R"({"step": "fault", "message": "<NETWORK>"})").at("message"), "podman.net");
}

TEST(ChainNames, AreFilledInWithinPatches) {
  const auto step = filled(R"({"step": "edit-conflist", "patch":
      [{"op": "add", "path": "/plugins/@first/bridge", "value": {"deep": ["<OTHER_BRIDGE>"]}}]})");
  EXPECT_EQ(step.at("patch")[0].at("path"), "/plugins/@first/bridge");
  EXPECT_EQ(step.at("patch")[0].at("value").at("deep")[0], "other09");
}

// A step names the plugin of the chain as it is; a placeholder what there was.
TEST(ChainNames, OfPlaceholdersStayWhenTheChainIsChanged) {
  const Chain now(Json::parse(R"({"name": "n", "plugins": [{"type": "teleport"}]})"));
  const ChainNames names{podman()};
  const auto step = value_or_throw(names.fill(
      Json::parse(R"({"step": "x", "plugin": "@first", "text": "<@first> <NETWORK>"})"), now));
  EXPECT_EQ(step.at("plugin"), "teleport");
  EXPECT_EQ(step.at("text"), "bridge podman.net");
}

TEST(ChainNames, ThatAChainLacksAreAReasonToSkip) {
  const Chain chain(Json::parse(R"({"name": "n", "type": "macvlan"})"));
  const auto refusal = [&chain](const char* step) {
    const auto done = ChainNames(chain).fill(Json::parse(step), chain);
    return done ? Error{ErrorKind::broken, "filled"} : done.error();
  };
  const auto bridge = refusal(R"({"step": "delete-link", "link": "<BRIDGE>"})");
  EXPECT_EQ(bridge.kind, ErrorKind::unavailable);
  EXPECT_THAT(bridge.message, HasSubstr("no bridge"));
  EXPECT_EQ(refusal(R"({"step": "x", "in": "<SUBNET>"})").kind, ErrorKind::unavailable);
  EXPECT_EQ(refusal(R"({"step": "x", "plugin": "@ports"})").kind, ErrorKind::unavailable);
  EXPECT_EQ(refusal(R"({"step": "x", "plugin": "@frist"})").kind, ErrorKind::input);
}

}  // namespace
}  // namespace cni_matrix::chain
