#include "trace/rules.hpp"

#include <gmock/gmock.h>

namespace cni_matrix::trace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Trace = std::vector<recorder::PluginCall>;

constexpr const char* k_pod = "e51de5791ae4996592a55235dc80715933ecef27f46d5e305a6c2b228eb9301a";
constexpr const char* k_short = "e51de5791ae4";
constexpr const char* k_netns = "/var/run/netns/cni-1";

// Calls as containerd makes them, each 10 ms after the one before, and lasting 5 ms.
class Recording {
 public:
  recorder::PluginCall& call(const std::string& plugin, const std::string& command,
                             const Json& more = Json::object()) {
    recorder::PluginCall made;
    made.plugin = plugin;
    made.command = command;
    Json input = {{"name", "net"}, {"cniVersion", "1.0.0"}, {"type", plugin}};
    made.environment = {
        {"CNI_COMMAND", command},
        {"CNI_CONTAINERID", k_pod},
        {"CNI_IFNAME", "eth0"},
        {"CNI_NETNS", k_netns},
        {"CNI_ARGS", std::string("IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=pod;"
                                 "K8S_POD_UID=u;K8S_POD_INFRA_CONTAINER_ID=") +
                         k_pod}};
    input.update(more);
    made.input = input.dump();
    made.output = command == "ADD" ? R"({"cniVersion": "1.0.0"})" : "";
    made.exit_code = 0;
    made.finished = true;
    made.start_ns = m_now;
    made.end_ns = m_now + 5'000'000;
    m_now += 10'000'000;
    trace.push_back(made);
    return trace.back();
  }

  recorder::PluginCall& loopback(const std::string& command) {
    auto& made = call("loopback", command, {{"name", "cni-loopback"}, {"cniVersion", "0.3.1"}});
    made.environment["CNI_IFNAME"] = "lo";
    return made;
  }

  Trace trace;

 private:
  std::int64_t m_now = 1'000'000'000;
};

const Json k_previous = {{"prevResult", Json::object()}};
const Json k_ports = {{"prevResult", Json::object()},
                      {"runtimeConfig", {{"portMappings", Json::array()}}}};

// A whole life: what containerd 1.6.20 did with bridge and portmap, and a second DEL at
// RemovePodSandbox, when netns and result are gone.
Recording life() {
  Recording seen;
  seen.loopback("ADD");
  seen.call("bridge", "ADD");
  seen.call("host-local", "ADD").delegated = true;
  seen.call("portmap", "ADD", k_ports);
  seen.loopback("DEL");
  seen.call("portmap", "DEL", k_ports);
  seen.call("bridge", "DEL", k_previous);
  seen.call("host-local", "DEL", k_previous).delegated = true;
  seen.loopback("DEL").environment["CNI_NETNS"] = "";
  auto& again = seen.call("portmap", "DEL", {{"runtimeConfig", {{"portMappings", Json::array()}}}});
  again.environment["CNI_NETNS"] = "";
  seen.call("bridge", "DEL").environment["CNI_NETNS"] = "";
  return seen;
}

TraceFacts facts() {
  TraceFacts known;
  known.conflists = {Json::parse(R"({"name": "net", "cniVersion": "1.0.0", "plugins": [
      {"type": "bridge"}, {"type": "portmap", "capabilities": {"portMappings": true}}]})")};
  return known;
}

// The only violation names plugin, command and container.
auto says(const std::string& call, const std::string& seen) {
  return ElementsAre(AllOf(HasSubstr(call + " of container " + k_short), HasSubstr(seen)));
}

TEST(TraceRules, AWholeLifeBreaksNone) {
  const auto seen = life();
  for (const auto& rule : trace_rules()) {
    if (is_trace_rule(rule.name)) {
      if (rule.name == "no-calls") {
        continue;  // about a pod without a network of its own
      }
      EXPECT_THAT(violations(rule.name, seen.trace, facts()), IsEmpty()) << rule.name;
    }
  }
  EXPECT_THAT(violations("negotiated=1.0.0", seen.trace, facts()), IsEmpty());
}

TEST(TraceRules, AnEmptyTraceBreaksNone) {
  for (const auto& rule : trace_rules()) {
    if (is_trace_rule(rule.name)) {
      EXPECT_THAT(violations(rule.name, {}, facts()), IsEmpty()) << rule.name;
    }
  }
  EXPECT_THAT(violations("negotiated=1.0.0", {}, facts()), IsEmpty());
}

TEST(TraceRules, SayWhatTheyAreAndWhereTheyComeFrom) {
  for (const auto& rule : trace_rules()) {
    EXPECT_FALSE(rule.clause.empty()) << rule.name;
    EXPECT_EQ(rule.says.back(), '.') << rule.name;
  }
  EXPECT_TRUE(is_trace_rule("add-has-del"));
  EXPECT_TRUE(is_trace_rule("negotiated=none"));
  EXPECT_FALSE(is_trace_rule("negotiated="));
  EXPECT_FALSE(is_trace_rule("negotiated=VERSION"));
  EXPECT_FALSE(is_trace_rule("no-such-rule"));
  EXPECT_THAT(violations("no-such-rule", {}, {}), ElementsAre(HasSubstr("no-such-rule")));
}

TEST(TraceRules, AddHasDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), says("bridge ADD", "no DEL"));
  auto failed = seen;
  failed.trace.back().exit_code = 1;
  EXPECT_THAT(violations("add-has-del", failed.trace, {}), says("bridge ADD", "failed"));
  for (const auto& [key, other] :
       std::map<std::string, std::string>{{"CNI_CONTAINERID", "another"}, {"CNI_IFNAME", "eth1"}}) {
    auto elsewhere = seen;
    elsewhere.call("bridge", "DEL").environment[key] = other;
    EXPECT_THAT(violations("add-has-del", elsewhere.trace, {}), SizeIs(1)) << key;
  }
  auto renamed = seen;
  renamed.call("bridge", "DEL", {{"name", "other"}});
  EXPECT_THAT(violations("add-has-del", renamed.trace, {}), says("bridge ADD", "\"net\""));
  auto delegated = seen;
  delegated.call("bridge", "DEL").delegated = true;
  EXPECT_THAT(violations("add-has-del", delegated.trace, {}), SizeIs(1));
  seen.call("bridge", "DEL").exit_code = 1;  // it was called
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), IsEmpty());
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("add-has-del", seen.trace, {}), SizeIs(1));
}

TEST(TraceRules, DelInReverse) {
  Recording seen;
  seen.call("bridge", "ADD");
  seen.call("tuning", "ADD", k_previous);
  seen.call("portmap", "ADD", k_previous);
  seen.call("tuning", "ADD", k_previous);
  auto good = seen;
  for (const char* plugin : {"tuning", "portmap", "tuning", "bridge"}) {
    good.call(plugin, "DEL", k_previous);
  }
  good.call("tuning", "DEL");  // of a second DEL, which ends early
  EXPECT_THAT(violations("del-in-reverse", good.trace, {}), IsEmpty());
  auto forward = seen;
  for (const char* plugin : {"bridge", "tuning", "portmap", "tuning"}) {
    forward.call(plugin, "DEL", k_previous);
  }
  EXPECT_THAT(violations("del-in-reverse", forward.trace, {}),
              says("bridge DEL", "bridge, tuning, portmap, tuning"));
}

TEST(TraceRules, DelInReverseAllowsForFailuresAndEdits) {
  Recording seen;
  seen.call("bridge", "ADD").exit_code = 1;
  seen.call("portmap", "DEL");  // was never added: the list is deleted as a whole
  seen.call("bridge", "DEL").exit_code = 1;
  seen.call("portmap", "DEL");
  seen.call("bridge", "DEL");
  EXPECT_THAT(violations("del-in-reverse", seen.trace, {}), IsEmpty());
}

TEST(TraceRules, NoOverlap) {
  Recording seen;
  auto& lo = seen.loopback("ADD");
  lo.end_ns += 20'000'000;
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("no-overlap", seen.trace, {}),
              ElementsAre(AllOf(HasSubstr("bridge ADD"), HasSubstr("15000 us before"),
                                HasSubstr("loopback ADD of container"))));
  TraceFacts parallel;
  parallel.parallel_attach = true;
  EXPECT_THAT(violations("no-overlap", seen.trace, parallel), IsEmpty());
  EXPECT_THAT(violations("one-at-a-time", seen.trace, parallel), SizeIs(1));
  auto other = seen;
  other.trace.back().environment["CNI_CONTAINERID"] = "another";
  EXPECT_THAT(violations("no-overlap", other.trace, {}), IsEmpty());
  auto unfinished = seen;
  unfinished.trace.front().finished = false;
  EXPECT_THAT(violations("no-overlap", unfinished.trace, {}), IsEmpty());
  // Parallel attachment is no excuse for DEL, nor for one interface twice.
  auto del = seen;
  del.trace.back().command = "DEL";
  EXPECT_THAT(violations("no-overlap", del.trace, parallel), SizeIs(1));
  auto same = seen;
  same.trace.front().environment["CNI_IFNAME"] = "eth0";
  EXPECT_THAT(violations("no-overlap", same.trace, parallel), SizeIs(1));
}

TEST(TraceRules, PrevResultOnAdd) {
  Recording seen;
  seen.call("bridge", "ADD");
  auto without = seen;
  without.call("portmap", "ADD");
  EXPECT_THAT(violations("prev-result-on-add", without.trace, {}),
              says("portmap ADD", "no prevResult"));
  seen.call("portmap", "ADD", k_previous);
  EXPECT_THAT(violations("prev-result-on-add", seen.trace, {}), IsEmpty());
  Recording first;
  first.call("bridge", "ADD", k_previous);
  EXPECT_THAT(violations("prev-result-on-add", first.trace, {}), says("bridge ADD", "the first"));
}

TEST(TraceRules, PrevResultOnDel) {
  Recording seen;
  seen.call("bridge", "ADD");
  seen.call("portmap", "ADD", k_previous);
  auto without = seen;
  without.call("portmap", "DEL");
  without.call("bridge", "DEL", k_previous);
  EXPECT_THAT(violations("prev-result-on-del", without.trace, facts()),
              says("portmap DEL", "1.0.0"));
  auto old = seen;
  old.call("portmap", "DEL", {{"cniVersion", "0.3.1"}});
  old.call("bridge", "DEL", {{"cniVersion", ""}});
  EXPECT_THAT(violations("prev-result-on-del", old.trace, facts()), IsEmpty());
  // As long as DEL fails, the result stays.
  seen.call("portmap", "DEL", k_previous).exit_code = 1;
  seen.call("portmap", "DEL");
  EXPECT_THAT(violations("prev-result-on-del", seen.trace, facts()), SizeIs(1));
}

TEST(TraceRules, PrevResultOnDelNeedsAResult) {
  const auto after = [](const std::function<void(Recording&)>& add, const TraceFacts& known) {
    Recording seen;
    add(seen);
    seen.call("portmap", "DEL");
    seen.call("bridge", "DEL");
    return violations("prev-result-on-del", seen.trace, known);
  };
  const auto bridge = [](Recording& seen) { seen.call("bridge", "ADD"); };
  EXPECT_THAT(after(bridge, {}), SizeIs(2));
  EXPECT_THAT(after(bridge, facts()), IsEmpty());  // the list has one more plugin: ADD failed
  TraceFacts old;
  old.highest_result = "0.4.0";
  EXPECT_THAT(after(bridge, old), IsEmpty());  // libcni could not read it
  old.highest_result = "1.0.0";
  EXPECT_THAT(after(bridge, old), SizeIs(2));
  EXPECT_THAT(after([](Recording& seen) { seen.call("bridge", "ADD").exit_code = 1; }, {}),
              IsEmpty());
  EXPECT_THAT(after([](Recording& seen) { seen.call("bridge", "ADD").output = "no JSON"; }, {}),
              IsEmpty());
}

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

TEST(TraceRules, LoopbackFirstOnDel) {
  Recording seen;
  seen.call("bridge", "DEL");  // of a pod whose runtime brings lo up itself
  EXPECT_THAT(violations("loopback-first-on-del", seen.trace, {}), IsEmpty());
  Recording other;
  other.loopback("ADD");
  other.call("bridge", "ADD");
  other.call("bridge", "DEL");
  other.loopback("DEL");
  EXPECT_THAT(violations("loopback-first-on-del", other.trace, {}),
              says("bridge DEL", "before the DEL on lo"));
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

TEST(TraceRules, NoCheckNoGc) {
  Recording seen;
  seen.call("bridge", "STATUS");
  seen.call("bridge", "VERSION");
  EXPECT_THAT(violations("no-check-no-gc", seen.trace, {}), IsEmpty());
  seen.call("bridge", "CHECK", k_previous);
  seen.call("bridge", "GC");
  EXPECT_THAT(violations("no-check-no-gc", seen.trace, {}),
              ElementsAre(HasSubstr(std::string("bridge CHECK of container ") + k_short),
                          HasSubstr("bridge GC of network \"net\"")));
}

TEST(TraceRules, OurDriversCallsAreNotTheRuntimes) {
  auto seen = life();
  for (const char* command : {"ADD", "CHECK", "GC"}) {
    auto& call = seen.call("bridge", command);
    call.environment["CNI_MATRIX_DRIVER"] = "1";
    call.environment["CNI_ARGS"] = "";
  }
  for (const auto* rule : {"no-check-no-gc", "add-has-del", "pod-arguments"}) {
    EXPECT_THAT(violations(rule, seen.trace, facts()), IsEmpty()) << rule;
  }
  EXPECT_THAT(violations("called=CHECK", seen.trace, facts()), IsEmpty());
}

TEST(TraceRules, GcExclusive) {
  Recording seen;
  seen.call("bridge", "ADD");
  auto& gc = seen.call("bridge", "GC");
  const auto start = gc.start_ns;
  gc.environment["CNI_MATRIX_DRIVER"] = "1";
  auto& del = seen.call("bridge", "DEL");
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  del.start_ns = start + 1;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}),
              says("bridge DEL", "ran during bridge GC of network \"net\""));
  del.finished = false;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  del.finished = true;
  del.input = R"({"name": "other"})";
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), IsEmpty());
  seen.trace.front().end_ns = start + 1;
  EXPECT_THAT(violations("gc-exclusive", seen.trace, {}), says("bridge ADD", "ran during"));
}

TEST(TraceRules, GcKeys) {
  const Json list = Json::array({{{"containerID", k_pod}, {"ifname", "eth0"}}});
  Recording both;
  both.call("bridge", "GC", {{"cni.dev/valid-attachments", list}, {"cni.dev/attachments", list}});
  EXPECT_THAT(violations("gc-keys", both.trace, {}), IsEmpty());
  Recording one;
  one.call("bridge", "GC", {{"cni.dev/valid-attachments", list}});
  EXPECT_THAT(violations("gc-keys", one.trace, {}),
              ElementsAre("bridge GC of network \"net\" got no cni.dev/attachments"));
  Recording two;
  two.call("bridge", "GC",
           {{"cni.dev/valid-attachments", list}, {"cni.dev/attachments", Json::array()}});
  EXPECT_THAT(violations("gc-keys", two.trace, {}),
              ElementsAre(HasSubstr("got two lists of attachments: [] and [{")));
}

TEST(TraceRules, CalledAndNotCalled) {
  Recording seen;
  seen.call("bridge", "STATUS");
  EXPECT_THAT(violations("called=STATUS", seen.trace, {}), IsEmpty());
  EXPECT_THAT(violations("called=GC", seen.trace, {}), ElementsAre("no plugin was called with GC"));
  EXPECT_THAT(violations("not-called=GC", seen.trace, {}), IsEmpty());
  EXPECT_THAT(violations("not-called=STATUS", seen.trace, {}),
              ElementsAre("bridge was called with STATUS for network \"net\""));
  EXPECT_FALSE(is_trace_rule("called"));
  EXPECT_FALSE(is_trace_rule("called="));
  EXPECT_FALSE(is_trace_rule("called=COMMAND"));
  EXPECT_TRUE(is_trace_rule("not-called=CHECK"));
}

TEST(TraceRules, NoCalls) {
  Recording seen;
  seen.call("bridge", "STATUS");
  EXPECT_THAT(violations("no-calls", seen.trace, {}), IsEmpty());
  seen.call("bridge", "ADD");
  EXPECT_THAT(violations("no-calls", seen.trace, {}),
              ElementsAre(HasSubstr(std::string("bridge ADD of container ") + k_short)));
}

TEST(TraceRules, NegotiatedVersion) {
  Recording seen;
  seen.loopback("ADD");
  EXPECT_EQ(negotiated_version(seen.trace), "");
  seen.call("bridge", "ADD");
  seen.call("portmap", "ADD", {{"cniVersion", "0.4.0"}});
  EXPECT_EQ(negotiated_version(seen.trace), "1.0.0");
  EXPECT_THAT(violations("negotiated=1.1.0", seen.trace, {}),
              says("bridge ADD", "the cniVersion 1.0.0, not 1.1.0"));
  Recording versionless;
  versionless.call("bridge", "ADD", {{"cniVersion", ""}});
  EXPECT_EQ(negotiated_version(versionless.trace), "none");
  EXPECT_THAT(violations("negotiated=none", versionless.trace, {}), IsEmpty());
}

}  // namespace
}  // namespace cni_matrix::trace
