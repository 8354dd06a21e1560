// Devices of the host.

#include "tools.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace hostile {
namespace {

// A file system that allows device nodes, if one can be had.
std::string folder_for_nodes() {
  auto folder = empty_folder();
  ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k");
  return folder;
}

void drop(const std::string& folder) {
  ::umount2(folder.c_str(), MNT_DETACH);
  ::rmdir(folder.c_str());
}

Outcome through_own_node(mode_t type, unsigned major_number, unsigned minor_number, int flags) {
  const auto folder = folder_for_nodes();
  const auto path = folder + "/node";
  auto outcome = ::mknod(path.c_str(), type | 0600, makedev(major_number, minor_number)) == 0
                     ? open_and_close(path, flags)
                     : refused(errno, "mknod");
  ::unlink(path.c_str());
  drop(folder);
  return outcome;
}

Outcome own_kernel_log(const Target&) {
  return through_own_node(S_IFCHR, 1, 11, O_WRONLY);
}

Outcome own_null(const Target&) {
  return through_own_node(S_IFCHR, 1, 3, O_WRONLY);
}

Outcome own_memory(const Target&) {
  return through_own_node(S_IFCHR, 1, 1, O_RDONLY);
}

Outcome own_disk(const Target& target) {
  if (target.disk.empty()) {
    return not_applicable("the host's disk is unknown");
  }
  return through_own_node(S_IFBLK, static_cast<unsigned>(target.disk_major),
                          static_cast<unsigned>(target.disk_minor), O_RDONLY | O_NONBLOCK);
}

Outcome own_loop(const Target&) {
  return through_own_node(S_IFCHR, 10, 237, O_RDWR);
}

Outcome standing_disk(const Target& target) {
  if (target.disk.empty()) {
    return not_applicable("the host's disk is unknown");
  }
  const File disk(target.disk, O_RDONLY | O_NONBLOCK);
  if (!disk.valid()) {
    return refused(errno, target.disk);
  }
  std::array<char, 512> sector{};
  return ::read(disk.get(), sector.data(), sector.size()) > 0 ? reached(target.disk)
                                                              : refused(errno, target.disk);
}

Outcome mount_disk(const Target& target) {
  if (target.disk.empty()) {
    return not_applicable("the host's disk is unknown");
  }
  const auto folder = folder_for_nodes();
  const auto node = folder + "/node";
  const auto at = folder + "/at";
  ::mkdir(at.c_str(), 0700);
  ::mknod(
      node.c_str(), S_IFBLK | 0600,
      makedev(static_cast<unsigned>(target.disk_major), static_cast<unsigned>(target.disk_minor)));
  const auto outcome =
      judge(::mount(node.c_str(), at.c_str(), target.disk_type.c_str(), MS_NOATIME, nullptr));
  ::umount2(at.c_str(), MNT_DETACH);
  drop(folder);
  return outcome;
}

Outcome mount_kind(const char* kind) {
  const auto folder = empty_folder();
  auto outcome = judge(::mount(kind, folder.c_str(), kind, 0, nullptr));
  drop(folder);
  if (outcome.error == ENODEV) {
    return not_applicable(std::string("the kernel has no ") + kind);
  }
  return outcome;
}

Outcome mount_devtmpfs(const Target&) {
  return mount_kind("devtmpfs");
}

Outcome mount_debugfs(const Target&) {
  return mount_kind("debugfs");
}

Outcome mount_tracefs(const Target&) {
  return mount_kind("tracefs");
}

Outcome mount_securityfs(const Target&) {
  return mount_kind("securityfs");
}

}  // namespace

std::vector<Attempt> attempts_on_devices() {
  constexpr auto k_area = "devices";
  return {{k_area, "mknod c 1:3 (null) and open", own_null},
          {k_area, "mknod c 1:11 (kmsg) and open for writing", own_kernel_log},
          {k_area, "mknod c 1:1 (mem) and open", own_memory},
          {k_area, "mknod c 10:237 (loop-control) and open", own_loop},
          {k_area, "mknod b (the host's disk) and open", own_disk},
          {k_area, "read the host's disk", standing_disk},
          {k_area, "mount the host's disk", mount_disk},
          {k_area, "mount devtmpfs", mount_devtmpfs},
          {k_area, "mount debugfs", mount_debugfs},
          {k_area, "mount tracefs", mount_tracefs},
          {k_area, "mount securityfs", mount_securityfs}};
}

}  // namespace hostile
