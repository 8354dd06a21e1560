#include "kernel_needs.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "node/link_kinds.hpp"

#include <algorithm>
#include <array>

namespace cni_matrix::run {

namespace {

struct Need {
  const char* plugin;
  const char* kind;
};

constexpr std::array k_needs = {
    Need{"bridge", "bridge"},   Need{"bridge", "veth"},   Need{"ptp", "veth"},
    Need{"macvlan", "macvlan"}, Need{"ipvlan", "ipvlan"}, Need{"vlan", "vlan"},
    Need{"dummy", "dummy"},     Need{"vrf", "vrf"},       Need{"bandwidth", "ifb"}};

}  // namespace

Expected<void> check_kernel_needs(const std::vector<std::string>& traits) {
  const auto uses = [&](const char* plugin) {
    return std::find(traits.begin(), traits.end(), plugin) != traits.end();
  };
  for (const auto& need : k_needs) {
    if (!uses(need.plugin)) {
      continue;
    }
    TRY_ASSIGN(const bool has, node::has_link_kind(need.kind));
    if (!has) {
      return unavailable("the plugin {} makes a link of kind {}, which this kernel does not have",
                         need.plugin, need.kind);
    }
  }
  if (uses("tap")) {
    return unavailable("the plugin tap needs /dev/net/tun, which a node does not have");
  }
  return {};
}

// runc takes /sys/fs/cgroup where that is of version 2, and else what mountinfo has of version 1
// (libcontainer/cgroups: IsCgroup2UnifiedMode, FindCgroupMountpoint).
Expected<void> check_cgroup_mounts(std::string_view mountinfo) {
  constexpr std::size_t k_mount_point = 4;  // 36 35 98:0 / /mnt rw shared:1 - ext4 /dev/sda rw
  for (const auto& line : split(mountinfo, '\n')) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) {
      continue;
    }
    const auto fields = split(std::string_view(line).substr(0, dash), ' ');
    const auto type = split(std::string_view(line).substr(dash + 3), ' ').front();
    if (fields.size() > k_mount_point &&
        (type == "cgroup2" ? fields[k_mount_point] == "/sys/fs/cgroup"
                           : type == "cgroup" && fields[k_mount_point].starts_with("/sys/"))) {
      return {};
    }
  }
  return unavailable(
      "no cgroup file system is mounted below /sys, and without one runc starts no pod; mount it "
      "(mount -t cgroup2 cgroup2 /sys/fs/cgroup), or, in a chroot, bind /sys with what is mounted "
      "in it (mount --rbind /sys)");
}

Expected<void> check_cgroup_mounts() {
  TRY_ASSIGN(const auto mountinfo, read_file("/proc/self/mountinfo"));
  return check_cgroup_mounts(mountinfo);
}

}  // namespace cni_matrix::run
