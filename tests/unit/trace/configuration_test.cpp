#include "recording.hpp"

namespace cni_matrix::trace {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TraceRules, SameRuntimeConfigOnDel) {
  Recording seen;
  seen.call("portmap", "ADD", k_ports);
  auto none = seen;
  none.call("portmap", "DEL");
  EXPECT_THAT(violations("same-runtime-config-on-del", none.trace, {}),
              says("portmap DEL", R"(the runtimeConfig {}, ADD got {"portMappings":[]})"));
  seen.call("portmap", "DEL", k_ports);
  EXPECT_THAT(violations("same-runtime-config-on-del", seen.trace, {}), IsEmpty());
}

TEST(TraceRules, NameAndVersion) {
  Recording seen;
  seen.call("bridge", "ADD", {{"cniVersion", ""}});  // a conflist without version
  EXPECT_THAT(violations("name-and-version", seen.trace, {}), IsEmpty());
  auto other = seen;
  other.call("portmap", "ADD", {{"cniVersion", "0.4.0"}, {"prevResult", Json::object()}});
  EXPECT_THAT(violations("name-and-version", other.trace, {}), says("portmap ADD", "\"0.4.0\""));
  auto renamed = seen;
  renamed.call("portmap", "ADD",
               {{"cniVersion", ""}, {"name", "x"}, {"prevResult", Json::object()}});
  EXPECT_THAT(violations("name-and-version", renamed.trace, {}), says("portmap ADD", "\"x\""));
  auto nameless = seen;
  nameless.trace.back().input = R"({"cniVersion": "1.0.0", "type": "bridge"})";
  EXPECT_THAT(violations("name-and-version", nameless.trace, {}),
              says("bridge ADD", "without name"));
  nameless.trace.back().input = R"({"name": "net", "type": "bridge"})";
  EXPECT_THAT(violations("name-and-version", nameless.trace, {}),
              says("bridge ADD", "without cniVersion"));
  nameless.trace.back().input = "";
  EXPECT_THAT(violations("name-and-version", nameless.trace, {}),
              says("bridge ADD", "no JSON object"));
}

TEST(TraceRules, NoCapabilities) {
  Recording seen;
  seen.call("portmap", "ADD", {{"capabilities", {{"portMappings", true}}}});
  EXPECT_THAT(violations("no-capabilities", seen.trace, {}),
              says("portmap ADD", R"({"portMappings":true})"));
}

TEST(TraceRules, RuntimeConfigAsDeclared) {
  Recording seen;
  seen.call("portmap", "ADD", k_ports);
  EXPECT_THAT(violations("runtime-config-as-declared", seen.trace, facts()), IsEmpty());
  seen.call("bridge", "ADD", k_ports);
  EXPECT_THAT(violations("runtime-config-as-declared", seen.trace, facts()),
              says("bridge ADD", "portMappings"));
  // Nothing is known of what is declared.
  EXPECT_THAT(violations("runtime-config-as-declared", seen.trace, {}), IsEmpty());
  TraceFacts off;
  off.conflists = {Json::parse(
      R"({"name": "net", "type": "portmap", "capabilities": {"portMappings": false}})")};
  EXPECT_THAT(violations("runtime-config-as-declared", seen.trace, off), SizeIs(2));
}

TEST(TraceRules, KeysKept) {
  TraceFacts configured;
  configured.conflists = {Json::parse(R"({"name": "net", "plugins": [
      {"type": "bridge", "mtu": 1400, "example.org/deep": {"list": [1, null]},
       "capabilities": {"ips": true}}]})")};
  Recording seen;
  seen.call("bridge", "ADD", {{"mtu", 1400}, {"example.org/deep", {{"list", {1, nullptr}}}}});
  seen.call("tuning", "ADD");  // not in the conflist: nothing to hold it against
  EXPECT_THAT(violations("keys-kept", seen.trace, configured), IsEmpty());
  seen.call("bridge", "DEL", {{"mtu", 1500}});
  EXPECT_THAT(violations("keys-kept", seen.trace, configured),
              says("bridge DEL", "example.org/deep, mtu"));
  // After an edit either configuration may be in force.
  configured.conflists.push_back(
      Json::parse(R"({"name": "net", "plugins": [{"type": "bridge", "mtu": 1500}]})"));
  EXPECT_THAT(violations("keys-kept", seen.trace, configured), IsEmpty());
}

TEST(TraceRules, NegotiatedVersion) {
  Recording seen;
  seen.loopback("ADD");
  EXPECT_THAT(violations("negotiated=none", seen.trace, {}), IsEmpty());
  seen.call("bridge", "ADD");
  seen.call("portmap", "ADD", {{"cniVersion", "0.4.0"}});
  EXPECT_THAT(violations("negotiated=1.0.0", seen.trace, {}), IsEmpty());
  EXPECT_THAT(violations("negotiated=1.1.0", seen.trace, {}),
              says("bridge ADD", "the cniVersion 1.0.0, not 1.1.0"));
  Recording versionless;
  versionless.call("bridge", "ADD", {{"cniVersion", ""}});
  EXPECT_THAT(violations("negotiated=none", versionless.trace, {}), IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::trace
