#include "full_disk.hpp"

#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace {

namespace fs = std::filesystem;

constexpr const char* k_size = "size=1m,nr_inodes=4096,mode=755";

struct Disk {
  fs::path directory;  // what is full
  fs::path mount;      // where the file system really is: what fills it is out of sight
  [[nodiscard]] fs::path content() const { return mount / "content"; }
  [[nodiscard]] fs::path filler() const { return mount / "filler"; }
};

// Where it is mounted is told by its name, so that it is found again.
Disk disk_of(const fs::path& directory) {
  auto name = directory.string();
  std::replace(name.begin(), name.end(), '/', '_');
  return {directory, fs::path(layout::k_ours) / ("disk" + name)};
}

Expected<void> trouble(const Disk& disk, const std::error_code& error) {
  return broken("cannot take {} to another disk: {}", disk.directory.string(), error.message());
}

Expected<void> write_until_full(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  static constexpr std::array<char, 4096> k_page{};
  while (fd && ::write(fd.get(), k_page.data(), k_page.size()) > 0) {
  }
  if (!fd || errno != ENOSPC) {
    return system_error(fmt::format("cannot fill {}", file.string()));
  }
  return {};
}

Expected<void> copy_all(const Disk& disk, const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive, error);
  if (error) {
    return trouble(disk, error);
  }
  return {};
}

}  // namespace

Expected<void> fill_disk(const fs::path& directory) {
  const auto disk = disk_of(directory);
  std::error_code error;
  fs::create_directories(disk.directory, error);
  fs::create_directories(disk.mount, error);
  if (error) {
    return trouble(disk, error);
  }
  if (::mount("tmpfs", disk.mount.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, k_size) != 0) {
    return system_error("cannot mount a small tmpfs");
  }
  fs::create_directory(disk.content(), error);
  TRY(copy_all(disk, disk.directory, disk.content()));
  TRY(write_until_full(disk.filler()));
  if (::mount(disk.content().c_str(), disk.directory.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return system_error(fmt::format("cannot mount on {}", disk.directory.string()));
  }
  return {};
}

Expected<void> free_disk(const fs::path& directory) {
  const auto disk = disk_of(directory);
  if (::umount2(disk.directory.c_str(), MNT_DETACH) != 0) {
    return system_error(fmt::format("cannot unmount {}", disk.directory.string()));
  }
  std::error_code error;
  fs::remove_all(disk.directory, error);
  fs::create_directories(disk.directory, error);
  if (error) {
    return trouble(disk, error);
  }
  TRY(copy_all(disk, disk.content(), disk.directory));
  if (::umount2(disk.mount.c_str(), MNT_DETACH) != 0) {
    return system_error(fmt::format("cannot unmount {}", disk.mount.string()));
  }
  return {};
}

}  // namespace cni_matrix::scenario
