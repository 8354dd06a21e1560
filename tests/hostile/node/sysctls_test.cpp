// What the kernel keeps for each namespace is a node's own: it may be written there, and the host's
// value stays.

#include "host.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <map>

namespace cni_matrix::hostile_tests {
namespace {

// The last one changes with every process that is started.
constexpr const char* k_last_pid = "kernel/ns_last_pid";

std::map<std::string, std::string> values() {
  std::map<std::string, std::string> values;
  for (const auto* name :
       {"kernel/pid_max", "net/ipv4/ip_forward", "net/ipv4/ip_local_reserved_ports",
        "net/core/somaxconn", "net/ipv4/tcp_keepalive_time", "kernel/shmmni", "kernel/msgmni",
        "kernel/sem", "kernel/msgmax", "fs/mqueue/msg_max", "fs/mqueue/queues_max",
        "user/max_user_namespaces", "user/max_net_namespaces"}) {
    if (auto value = read_file(std::string("/proc/sys/") + name)) {
      values[name] = *value;
    }
  }
  return values;
}

class Sysctls : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const auto reason = cannot_be(GetParam())) {
      GTEST_SKIP() << *reason;
    }
  }
};

TEST_P(Sysctls, OfANodeAreItsOwn) {
  const Host host(GetParam());
  const auto before = values();
  CommandResult said;
  const auto run = host.run_plugin("change-sysctls", {}, &said);
  const auto after = values();
  for (const auto& [name, value] : before) {
    EXPECT_EQ(after.at(name), value) << name;
    if (after.at(name) != value) {
      static_cast<void>(write_file("/proc/sys/" + name, value));  // as it was
    }
  }
  ASSERT_TRUE(run.is_object() && !run.at("cells").empty()) << said.out << said.err;
  const auto lines = said_on_add(run.at("cells").front());
  // What CNI plugins set must be allowed, or the test has shown nothing.
  EXPECT_NE(lines.find("sysctl net/ipv4/ip_forward written"), std::string::npos) << lines;
  EXPECT_NE(lines.find("sysctl net/core/somaxconn written"), std::string::npos) << lines;
  EXPECT_NE(lines.find(k_last_pid), std::string::npos) << lines;
}

INSTANTIATE_TEST_SUITE_P(As, Sysctls, testing::Values("root", "user"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace cni_matrix::hostile_tests
