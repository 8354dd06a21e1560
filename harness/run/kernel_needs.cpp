#include "kernel_needs.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "chain/chain.hpp"
#include "node/link_kinds.hpp"
#include "node/root.hpp"

#include <algorithm>
#include <array>

#include <sys/stat.h>

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

// A node has that of this machine, and mostly other ids.
Expected<void> check_tun() {
  struct stat status {};
  if (::stat(node::k_tun, &status) != 0) {
    return unavailable("the plugin tap needs {}, which this machine does not have", node::k_tun);
  }
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != (S_IROTH | S_IWOTH)) {
    return unavailable(
        "the plugin tap needs {}, which here nobody but its owner may open (chmod 666 {})",
        node::k_tun, node::k_tun);
  }
  return {};
}

}  // namespace

Expected<void> check_kernel_needs(const Json& configuration) {
  const chain::Chain chain(configuration);
  const auto traits = chain.traits();
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
  if (chain.filters_vlans()) {
    TRY_ASSIGN(const bool has, node::has_vlan_filtering());
    if (!has) {
      return unavailable(
          "the plugin bridge is to filter VLANs, and the bridges of this kernel cannot "
          "(CONFIG_BRIDGE_VLAN_FILTERING)");
    }
  }
  return uses("tap") ? check_tun() : Expected<void>();
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
