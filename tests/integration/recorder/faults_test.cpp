// Faults in calls of real plugins, in a node with the recorder as it is installed.
#include "base/file.hpp"
#include "containerd/stacks.hpp"
#include "node/node.hpp"
#include "recorder/collector.hpp"
#include "recorder/refusal.hpp"
#include "runtime/node_layout.hpp"
#include "scenario/plugin_directory.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>
#include <cni_matrix/node/inventory.hpp>
#include <cni_matrix/recorder/faults.hpp>

#include <gmock/gmock.h>

#include <array>
#include <functional>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* k_plugins = "/opt/stacks/plugins";
constexpr const char* k_config = R"({"cniVersion":"0.4.0","name":"net","type":"bridge",
  "bridge":"cni0","ipMasq":true,"ipam":{"type":"host-local","subnet":"10.22.0.0/16"}})";

CommandResult bridge(const std::string& command) {
  CommandOptions options;
  options.input = k_config;
  options.environment = fixed_environment();
  for (const char* variable : {"CNI_CONTAINERID=pod", "CNI_NETNS=/run/netns/cni-pod",
                               "CNI_IFNAME=eth0", "CNI_PATH=/opt/cni/bin"}) {
    options.environment.emplace_back(variable);
  }
  options.environment.push_back("CNI_COMMAND=" + command);
  return value_or_throw(run_program({fs::path(layout::k_cni_bin) / "bridge"}, options));
}

void place(const char* plugin, FaultAction action, const char* text = "") {
  Fault fault;
  fault.plugin = plugin;
  fault.command = "ADD";
  fault.action = action;
  fault.code = 11;
  fault.message = "no addresses today";
  fault.text = text;
  value_or_throw(clear_faults(layout::k_faults));
  value_or_throw(place_fault(layout::k_faults, fault, layout::k_fault_counts));
}

class RealPlugins : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
    if (containerd::plugins().empty() || find_program("ip").empty() ||
        find_program("iptables").empty()) {
      GTEST_SKIP()
          << "no CNI plugins, ip or iptables at hand: install containernetworking-plugins, "
             "iproute2, iptables";
    }
  }

  // What `work` returns in a node where every plugin is recorded.
  static std::string in_node(const std::function<std::string(Collector&)>& work) {
    node::NodeOptions options;
    options.binds = {{containerd::plugins(), k_plugins}};
    CollectorOptions collecting;
    collecting.socket = layout::k_trace_socket;
    collecting.program = layout::k_recorder;
    collecting.secret = value_or_throw(make_secret());
    const std::string program =
        value_or_throw(recorder_with_secret(libexec_directory() / "recorder", collecting.secret));
    auto node = node::Node::start(options, [&](int output, std::int64_t) {
      std::string text;
      try {
        fs::create_directories(collecting.program.parent_path());
        value_or_throw(write_file(collecting.program, program));
        fs::permissions(collecting.program, fs::perms(0111));
        auto collector = value_or_throw(Collector::start(collecting));
        scenario::PluginDirectory plugins(true);
        value_or_throw(plugins.use(k_plugins, {}));
        value_or_throw(run_program({"ip", "netns", "add", "cni-pod"}));
        text = work(collector);
        for (const auto& trouble : collector.troubles({})) {
          text += "; trouble: " + trouble;
        }
      } catch (const std::exception& error) {
        text = std::string("failed: ") + error.what();
      }
      return ::write(output, text.data(), text.size()) >= 0 ? 0 : 1;
    });
    if (!node) {
      return "cannot start: " + node.error().message;
    }
    std::string text;
    std::array<char, 4096> buffer{};
    for (pollfd watched{node->output(), POLLIN, 0}; ::poll(&watched, 1, 60'000) > 0;) {
      const auto count = ::read(node->output(), buffer.data(), buffer.size());
      if (count <= 0) {
        return text;
      }
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text + "the node did not end in time";
  }

  // What bridge ADD under a fault ended with, left behind, noted and printed.
  static std::string add_with(const char* plugin, FaultAction action, const char* text = "") {
    return in_node([&](Collector& collector) {
      place(plugin, action, text);
      const CommandResult result = bridge("ADD");
      std::string noted;
      for (const PluginCall& call : collector.calls()) {
        noted += call.fault.empty() ? "" : call.plugin + " " + call.fault;
      }
      const auto inventory = value_or_throw(node::take_inventory());
      return fmt::format("exit {}, leases {}, veths {}, {}: {}", result.exit_code,
                         inventory.of(node::LeakClass::lease).size(),
                         inventory.of(node::LeakClass::veth).size(), noted, result.out);
    });
  }
};

TEST_F(RealPlugins, WithoutAFaultTheyWork) {
  EXPECT_THAT(in_node([](Collector& collector) {
                const auto add = bridge("ADD");
                const auto del = bridge("DEL");
                std::string calls;
                for (const auto& call : collector.calls()) {
                  calls += fmt::format("{} {}{}, ", call.plugin, call.command,
                                       call.delegated ? " delegated" : "");
                }
                return fmt::format("{} {}{}: {}{}", add.exit_code, del.exit_code,
                                   fs::exists(layout::k_faults) ? " faults" : "", calls, add.out);
              }),
              testing::StartsWith("0 0: bridge ADD, host-local ADD delegated, bridge DEL, "
                                  "host-local DEL delegated, {"));
}

TEST_F(RealPlugins, AnErrorOfIpamIsTheErrorOfBridge) {
  const auto seen = add_with("host-local", FaultAction::fail);
  EXPECT_THAT(seen, HasSubstr("exit 1, leases 0,"));
  EXPECT_THAT(seen, HasSubstr("host-local fail: "));
  EXPECT_THAT(seen, HasSubstr("no addresses today"));
}

TEST_F(RealPlugins, AnErrorOfIpamAfterItsWorkLeavesTheLease) {
  EXPECT_THAT(add_with("host-local", FaultAction::fail_after), HasSubstr("exit 1, leases 1,"));
}

TEST_F(RealPlugins, AnErrorAfterTheWorkLeavesEverythingBehind) {
  EXPECT_EQ(add_with("bridge", FaultAction::fail_after),
            "exit 1, leases 1, veths 1, bridge fail-after: "
            R"({"cniVersion":"0.4.0","code":11,"msg":"no addresses today"})");
}

TEST_F(RealPlugins, AResultOfIpamWithoutAddressesIsRefused) {
  const auto seen =
      add_with("host-local", FaultAction::text, R"({"cniVersion":"{{cniVersion}}","ips":[]})");
  EXPECT_THAT(seen, HasSubstr("exit 1, leases 0,"));
  EXPECT_THAT(seen, HasSubstr("missing IP config"));
}

TEST_F(RealPlugins, WithoutIptablesNothingMasquerades) {
  const auto seen = add_with("bridge", FaultAction::without_iptables);
  EXPECT_THAT(seen, HasSubstr("exit 1,"));
  EXPECT_THAT(seen, HasSubstr("bridge without-iptables: "));
  EXPECT_THAT(seen, HasSubstr("tables"));  // iptables, or nftables in its place
}

TEST_F(RealPlugins, WithoutTheSocketNoneRuns) {
  const auto seen = in_node([](Collector& collector) {
    fs::remove(layout::k_trace_socket);
    const auto add = bridge("ADD");
    return fmt::format("exit {}, {} calls: {}", add.exit_code, collector.calls().size(), add.out);
  });
  EXPECT_THAT(seen, testing::StartsWith(fmt::format("exit {}, 0 calls: ", k_refused_status)));
  EXPECT_THAT(seen, HasSubstr(k_refusal));
  EXPECT_THAT(seen, HasSubstr("was taken away"));
}

}  // namespace
}  // namespace cni_matrix::recorder
