#include "reboot.hpp"

#include "init_name.hpp"
#include "netlink.hpp"
#include "our_processes.hpp"
#include "state_on_disk.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto k_death_limit = 10s;
constexpr auto k_death_poll = 2ms;

// Every process but init, the reaper and ourselves that is not dead already.
std::vector<pid_t> others() {
  std::vector<pid_t> pids;
  for (const auto& name : names_in("/proc")) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || *end != '\0' || pid == ::getpid() || is_our_process(pid)) {
      continue;
    }
    const auto stat = read_file("/proc/" + name + "/stat", 4096);
    const auto close = stat ? stat->rfind(')') : std::string::npos;
    if (close == std::string::npos || close + 2 >= stat->size() || (*stat)[close + 2] == 'Z' ||
        (*stat)[close + 2] == 'X') {
      continue;
    }
    pids.push_back(pid);
  }
  return pids;
}

Expected<void> kill_processes() {
  const auto deadline = std::chrono::steady_clock::now() + k_death_limit;
  for (;;) {
    const auto pids = others();
    if (pids.empty()) {
      return {};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return broken("reboot: process {} has SIGKILL but does not die", pids.front());
    }
    for (const auto pid : pids) {
      ::kill(pid, SIGKILL);
    }
    std::this_thread::sleep_for(k_death_poll);
  }
}

bool is_ours(const std::string& point) {
  const std::string ours = layout::k_ours;
  return point == ours || point.starts_with(ours + "/");
}

// The mounts below /run, the innermost first. What keeps /run/netns shared stays, as the next boot
// would make it again.
Expected<std::vector<std::string>> mounts_below_run() {
  TRY_ASSIGN(const auto table, read_file("/proc/self/mountinfo"));
  std::vector<std::string> points;
  for (const auto& line : split(table, '\n')) {
    const auto fields = split(line, ' ');
    constexpr std::size_t k_mount_point = 4;  // proc(5)
    if (fields.size() > k_mount_point && fields[k_mount_point].starts_with("/run/") &&
        fields[k_mount_point] != "/run/netns" && !is_ours(fields[k_mount_point])) {
      points.push_back(fields[k_mount_point]);
    }
  }
  std::reverse(points.begin(), points.end());
  return points;
}

Expected<void> wipe_run() {
  TRY_ASSIGN(const auto points, mounts_below_run());
  for (const auto& point : points) {
    ::umount2(point.c_str(), MNT_DETACH);  // a shared mount may show twice and go at once
  }
  std::error_code error;
  for (const std::string folder : {"/run", "/run/netns"}) {
    for (const auto& name : names_in(folder)) {
      const auto path = fmt::format("{}/{}", folder, name);
      if (path == "/run/netns" || is_ours(path)) {
        continue;
      }
      fs::remove_all(path, error);
      if (error) {
        return broken("reboot: cannot remove {}: {}", path, error.message());
      }
    }
  }
  return {};
}

Expected<void> delete_links() {
  const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> list(
      ::if_nameindex(), ::if_freenameindex);
  if (list == nullptr) {
    return system_error("reboot: cannot list links");
  }
  for (const auto* link = list.get(); link->if_index != 0; ++link) {  // NOLINT: how it ends
    const std::string name = link->if_name;
    if (name == "lo" || name == "uplink") {
      continue;
    }
    // One may have gone with its peer, and the kernel's own (tunl0) cannot be deleted.
    TRY(run_program({"ip", "link", "delete", name}));
  }
  return {};
}

Expected<void> flush_tables(const std::string& program) {
  if (find_program(program).empty()) {
    return {};
  }
  // It replaces every table that it is told of.
  constexpr std::string_view k_empty =
      "*filter\nCOMMIT\n*nat\nCOMMIT\n*mangle\nCOMMIT\n*raw\nCOMMIT\n";
  CommandOptions options;
  options.environment = fixed_environment();
  options.input = k_empty;
  TRY_ASSIGN(const auto flushed, run_program({program}, options));
  if (!flushed.ok()) {
    return broken("reboot: {} failed: {}", program, trim(flushed.err));
  }
  return {};
}

bool has_legacy_tables(const char* file) {
  const auto names = read_file(file, 4096);
  return names && !trim(*names).empty();
}

Expected<void> flush_rules() {
  if (!find_program("nft").empty()) {
    TRY_ASSIGN(const auto flushed, run_program({"nft", "flush", "ruleset"}));
    if (!flushed.ok()) {
      return broken("reboot: nft flush ruleset failed: {}", trim(flushed.err));
    }
  } else {
    TRY(flush_tables("iptables-restore"));
    TRY(flush_tables("ip6tables-restore"));
  }
  if (has_legacy_tables("/proc/net/ip_tables_names")) {
    TRY(flush_tables("iptables-legacy-restore"));
  }
  if (has_legacy_tables("/proc/net/ip6_tables_names")) {
    TRY(flush_tables("ip6tables-legacy-restore"));
  }
  return {};
}

Expected<void> flush_connections() {
  const auto count = read_file("/proc/sys/net/netfilter/nf_conntrack_count", 64);
  if (!count || trim(*count) == "0") {
    return {};
  }
  // Without a tuple it is about every connection.
  Netlink netlink(NETLINK_NETFILTER);
  nfgenmsg request{};
  request.version = NFNETLINK_V0;
  constexpr std::uint16_t k_delete = (NFNL_SUBSYS_CTNETLINK << 8U) | IPCTNL_MSG_CT_DELETE;
  if (!netlink.request(k_delete, bytes_of(request))) {
    return broken("reboot: the kernel does not forget its connections");
  }
  return {};
}

// Those that residue.json knows to be set for the whole node.
Expected<void> reset_sysctls() {
  for (const auto* sysctl :
       {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"}) {
    std::error_code error;
    if (fs::exists(sysctl, error)) {
      TRY(write_file(sysctl, "0"));
    }
  }
  return {};
}

// On a real machine this would be the end of it.
bool in_a_node() {
  return trim(read_file("/proc/1/comm", 64).value_or("")) == k_init_name;
}

}  // namespace

Expected<void> reboot() {
  if (!in_a_node()) {
    return broken("reboot: this is no node");
  }
  TRY(kill_processes());
  TRY(wipe_run());
  TRY(delete_links());
  TRY(flush_rules());
  TRY(flush_connections());
  return reset_sysctls();
}

}  // namespace cni_matrix::node
