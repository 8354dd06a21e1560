// What scenarios do to a node, in a real one: full disks, the lock of iptables, another backend of
// it.
#include "in_node.hpp"

#include "runtime/node_layout.hpp"
#include "scenario/full_disk.hpp"
#include "scenario/iptables_backend.hpp"
#include "scenario/xtables_lock.hpp"
#include <cni_matrix/base/fd.hpp>
#include <cni_matrix/node/inventory.hpp>

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>

namespace cni_matrix::scenario {
namespace {

using testing_support::in_node;
using testing_support::InNode;
using testing_support::Lines;
using testing_support::sh;

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* k_leases = "/var/lib/cni/networks/net";

TEST_F(InNode, AFullDiskKeepsWhatItHadAndTakesNoData) {
  EXPECT_THAT(in_node([]() -> Lines {
                fs::create_directories(k_leases);
                value_or_throw(write_file(fs::path(k_leases) / "10.88.0.2", "0a"));
                value_or_throw(fill_disk(layout::k_leases));
                const auto refused = write_file(fs::path(k_leases) / "10.88.0.3", "0b");
                auto lines = Lines{refused ? "written" : refused.error().message,
                                   value_or_throw(read_file(fs::path(k_leases) / "10.88.0.2"))};
                value_or_throw(free_disk(layout::k_leases));
                value_or_throw(write_file(fs::path(k_leases) / "10.88.0.4", "0c"));
                const auto inventory = value_or_throw(node::take_inventory());
                for (const auto& lease : inventory.of(node::LeakClass::lease)) {
                  lines.push_back(fs::path(lease).filename().string());
                }
                return lines;
              }),
              // The file itself could be made: that is what a full disk leaves behind.
              ElementsAre(HasSubstr("No space left on device"), "0a", "10.88.0.2", "10.88.0.3",
                          "10.88.0.4"));
}

bool is_locked() {
  const Fd lock(::open("/run/xtables.lock", O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  return ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

TEST_F(InNode, TheLockOfIptablesIsHeldForItsTimeOrUntilTheEnd) {
  EXPECT_THAT(in_node([]() -> Lines {
                Lines lines;
                const auto note = [&] { lines.emplace_back(is_locked() ? "held" : "free"); };
                {
                  XtablesLock lock;
                  note();
                  value_or_throw(lock.hold(60s));
                  note();
                }
                note();
                XtablesLock lock;
                value_or_throw(lock.hold(1ms));
                const auto deadline = std::chrono::steady_clock::now() + 10s;
                while (is_locked() && std::chrono::steady_clock::now() < deadline) {
                }
                note();
                return lines;
              }),
              ElementsAre("free", "held", "free", "free"));
}

TEST_F(InNode, RulesOfBothBackendsAreSeen) {
  const auto lines = in_node([]() -> Lines {
    if (const auto legacy = use_iptables("legacy"); !legacy) {
      return {"unavailable", legacy.error().message};
    }
    sh("iptables -t nat -N OLD");
    sh("iptables -t nat -A OLD -j RETURN");
    value_or_throw(use_iptables("nft"));
    sh("iptables -t nat -N NEW");
    sh("iptables -t nat -A NEW -j RETURN");
    auto rules = value_or_throw(node::take_inventory()).of(node::LeakClass::nat_rule);
    std::sort(rules.begin(), rules.end());
    return rules;
  });
  if (lines.front() == "unavailable") {
    GTEST_SKIP() << lines.back();
  }
  EXPECT_THAT(lines, ElementsAre("ip -A NEW -j RETURN", "ip -A OLD -j RETURN"));
}

}  // namespace
}  // namespace cni_matrix::scenario
