#pragma once

#include "trace/rules.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cni_matrix::trace {

using Trace = std::vector<recorder::PluginCall>;

inline constexpr const char* k_pod =
    "e51de5791ae4996592a55235dc80715933ecef27f46d5e305a6c2b228eb9301a";
inline constexpr const char* k_short = "e51de5791ae4";
inline constexpr const char* k_netns = "/var/run/netns/cni-1";

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

inline const Json k_previous = {{"prevResult", Json::object()}};
inline const Json k_ports = {{"prevResult", Json::object()},
                             {"runtimeConfig", {{"portMappings", Json::array()}}}};

// A whole life: what containerd 1.6.20 did with bridge and portmap, and a second DEL at
// RemovePodSandbox, when netns and result are gone.
inline Recording life() {
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

inline TraceFacts facts() {
  TraceFacts known;
  known.conflists = {Json::parse(R"({"name": "net", "cniVersion": "1.0.0", "plugins": [
      {"type": "bridge"}, {"type": "portmap", "capabilities": {"portMappings": true}}]})")};
  return known;
}

// The only violation names plugin, command and container.
inline auto says(const std::string& call, const std::string& seen) {
  using ::testing::HasSubstr;
  return ::testing::ElementsAre(
      ::testing::AllOf(HasSubstr(call + " of container " + k_short), HasSubstr(seen)));
}

}  // namespace cni_matrix::trace
