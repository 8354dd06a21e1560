#include "root.hpp"

#include <cni_matrix/base/file.hpp>
#include <cni_matrix/node/layout.hpp>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

namespace fs = std::filesystem;

// Of /etc, what iptables, resolvers and Go's runtime read.
constexpr std::array k_etc = {"alternatives", "ethertypes",  "group",         "hosts",
                              "ld.so.cache",  "localtime",   "nsswitch.conf", "passwd",
                              "protocols",    "resolv.conf", "services"};
constexpr std::array k_devices = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr std::array k_folders = {"/etc/cni/net.d",
                                  "/var/lib/cni",
                                  "/run/netns",
                                  "/opt/cni/bin",
                                  "/opt/containerd",
                                  "/tmp",
                                  "/root",
                                  "/opt/stacks",
                                  "/var/lib/containerd",
                                  "/run/cni-matrix/trace",
                                  "/run/cni-matrix/logs",
                                  "/proc",
                                  "/sys",
                                  "/dev/pts",
                                  "/dev/shm",
                                  "/usr"};

// A mount taken from the host before its root goes out of sight.
struct Piece {
  Fd tree;
  fs::path target;
};

Expected<Fd> take(const fs::path& source, bool read_only) {
  Fd tree(
      ::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) {
    return system_error(fmt::format("cannot take {} into the node", source.string()));
  }
  if (read_only) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                        sizeof attributes) != 0) {
      return system_error(fmt::format("cannot make {} read-only in the node", source.string()));
    }
  }
  return tree;
}

Expected<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return broken("cannot make {} in the node: {}", path.string(), error.message());
  }
  return {};
}

Expected<void> put(const Piece& piece) {
  struct stat status {};
  if (::fstat(piece.tree.get(), &status) != 0) {
    return system_error("cannot look at a mount");
  }
  const fs::path target = "." + piece.target.string();
  if (S_ISDIR(status.st_mode)) {
    CNI_MATRIX_TRY(make_folders(target));
  } else {
    CNI_MATRIX_TRY(make_folders(target.parent_path()));
    const Fd file(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!file) {
      return system_error(fmt::format("cannot make {} in the node", piece.target.string()));
    }
  }
  if (::move_mount(piece.tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return system_error(fmt::format("cannot mount {} in the node", piece.target.string()));
  }
  return {};
}

Expected<void> mount_new(const char* type, const char* target, unsigned long flags,
                         const std::string& data) {
  if (::mount(type, target, type, flags, data.c_str()) != 0) {
    const int number = errno;
    if (number == EPERM || number == EACCES) {
      return unavailable(
          "mounting {} in a new namespace is refused; where a container masks /proc, run on the "
          "machine itself or in a privileged container",
          type);
    }
    errno = number;
    return system_error(fmt::format("cannot mount {} in the node", type));
  }
  return {};
}

}  // namespace

Expected<void> make_root(const NodeOptions& options) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return system_error("cannot make the mounts private");
  }
  std::vector<Piece> pieces;
  const auto add = [&](const fs::path& source, const fs::path& target,
                       bool read_only) -> Expected<void> {
    CNI_MATRIX_TRY_ASSIGN(auto tree, take(source, read_only));
    pieces.push_back({std::move(tree), target});
    return {};
  };
  std::vector<std::pair<std::string, std::string>> links;
  for (const auto* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (const auto target = fs::read_symlink(name, error); !error) {
      links.emplace_back(target.string(), std::string(".") + name);
    } else if (fs::is_directory(name, error)) {
      CNI_MATRIX_TRY(add(name, name, true));
    }
  }
  CNI_MATRIX_TRY(add("/usr", "/usr", true));
  CNI_MATRIX_TRY(add("/sys", "/sys", true));
  for (const auto* name : k_etc) {
    const auto path = fs::path("/etc") / name;
    std::error_code error;
    if (fs::exists(path, error)) {
      CNI_MATRIX_TRY(add(fs::canonical(path, error), path, true));
    }
  }
  for (const auto* name : k_devices) {
    const auto path = fs::path("/dev") / name;
    CNI_MATRIX_TRY(add(path, path, false));
  }
  for (const auto& bind : options.binds) {
    CNI_MATRIX_TRY(add(bind.source, bind.target, true));
  }

  // Every source is held by a descriptor now, so the new root may hide any of them.
  CNI_MATRIX_TRY(mount_new("tmpfs", "/tmp", MS_NODEV | MS_NOSUID,
                           fmt::format("mode=755,size={}", options.size_bytes)));
  if (::chdir("/tmp") != 0) {
    return system_error("cannot enter the node's root");
  }
  for (const auto* folder : k_folders) {
    CNI_MATRIX_TRY(make_folders(std::string(".") + folder));
  }
  CNI_MATRIX_TRY(make_folders("./var"));
  links.emplace_back("/run", "./var/run");
  links.emplace_back("/proc/self/fd", "./dev/fd");
  links.emplace_back("pts/ptmx", "./dev/ptmx");
  for (const auto& [target, link] : links) {
    if (::symlink(target.c_str(), link.c_str()) != 0) {
      return system_error(fmt::format("cannot link {} in the node", link));
    }
  }
  // A separate proc mount is refused unless the old one is still visible, so it comes before pivot.
  CNI_MATRIX_TRY(mount_new("proc", "./proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));
  CNI_MATRIX_TRY(mount_new("devpts", "./dev/pts", MS_NOSUID | MS_NOEXEC,
                           "newinstance,ptmxmode=0666,mode=620"));
  CNI_MATRIX_TRY(mount_new("tmpfs", "./dev/shm", MS_NODEV | MS_NOSUID, "mode=1777"));
  for (const auto& piece : pieces) {
    CNI_MATRIX_TRY(put(piece));
  }
  // runc binds these two into every pod; a machine without them would fail every RunPodSandbox.
  for (const auto* name : {"./etc/hosts", "./etc/resolv.conf"}) {
    const Fd file(::open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  }
  if (::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
      ::chdir("/") != 0) {
    return system_error("cannot change to the node's root");
  }
  // What `ip netns add` does, and containerd relies on: mounts in it are seen by all.
  if (::mount("/run/netns", "/run/netns", nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0) {
    return system_error("cannot share the node's mounts");
  }
  return {};
}

}  // namespace cni_matrix::node
