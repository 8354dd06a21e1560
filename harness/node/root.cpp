#include "root.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

namespace fs = std::filesystem;

constexpr std::array k_devices = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr std::array k_folders = {"/var/lib/cni",
                                  "/run/cni-matrix",
                                  "/run/netns",
                                  "/opt/cni/bin",
                                  "/opt/containerd",
                                  "/tmp",
                                  "/root",
                                  "/opt/stacks",
                                  "/var/lib/containerd",
                                  "/proc",
                                  "/sys",
                                  "/dev/pts",
                                  "/dev/shm",
                                  "/etc",
                                  "/usr"};
// What the worker writes, and foreign programs must not: which plugins are real, what faults there
// are, what was logged; and the recorder in every plugin's place.
constexpr std::array k_guarded = {layout::k_ours, layout::k_cni_bin};
constexpr std::array k_our_folders = {layout::k_trace, layout::k_logs};
constexpr const char* k_guarded_size = "128m";
// The dynamic linker of every program looks for it; nobody in the node may make one.
constexpr const char* k_preload = "/etc/ld.so.preload";

constexpr const char* k_etc_size = "16m";
constexpr const char* k_shm_size = "64m";

// A mount taken from the host before its root goes out of sight.
struct Piece {
  Fd tree;
  fs::path target;
};

Expected<Fd> take(const fs::path& source) {
  Fd tree(
      ::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) {
    return system_error(fmt::format("cannot take {} into the node", source.string()));
  }
  return tree;
}

Expected<Fd> take_read_only(const fs::path& source) {
  TRY_ASSIGN(auto tree, take(source));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                      sizeof attributes) != 0) {
    return system_error(fmt::format("cannot make {} read-only in the node", source.string()));
  }
  return tree;
}

// Owner 0 of the host is owner 0 of the node, so that what its caller can read or execute it can
// too (mount_setattr(2), idmapped mounts). False where the file system cannot do that.
bool map_owners(const Fd& tree, int user_namespace) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  return ::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

// Whether everybody may read what is there, and go into its folders.
bool is_open_to_all(const fs::path& source) {
  std::error_code error;
  const auto open = [&](const fs::file_status& status) {
    using fs::perms;
    const auto wanted =
        fs::is_directory(status) ? perms::others_read | perms::others_exec : perms::others_read;
    return (status.permissions() & wanted) == wanted;
  };
  if (!open(fs::status(source, error)) || error) {
    return false;
  }
  for (auto item = fs::recursive_directory_iterator(source, error);
       !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
    if (!item->is_symlink(error) && !open(item->status(error))) {
      return false;
    }
  }
  return true;
}

Expected<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return broken("cannot make {} in the node: {}", path.string(), error.message());
  }
  return {};
}

std::string below_root(const char* path) {
  return std::string(".") + path;
}

// An empty one, below the node's root.
Expected<void> make_file(const fs::path& path) {
  const fs::path target = "." + path.string();
  TRY(make_folders(target.parent_path()));
  const Fd file(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) {
    return system_error(fmt::format("cannot make {} in the node", path.string()));
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
    TRY(make_folders(target));
  } else {
    TRY(make_file(piece.target));
  }
  if (::move_mount(piece.tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return system_error(fmt::format("cannot mount {} in the node", piece.target.string()));
  }
  return {};
}

// Flags of a tmpfs in which the node's processes write. In a user namespace they would be locked,
// and runc, which mounts anew what it binds from there, would be refused; the kernel lets nobody
// make devices there or gain rights beyond it anyway.
unsigned long tmpfs_flags(const IdMap& ids) {
  return ids.in_user_namespace() ? 0 : MS_NODEV | MS_NOSUID;
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

// While it lives, what we make belongs to the node's root.
class AsOwner {
 public:
  explicit AsOwner(const IdMap& ids)
      : m_uid(::setfsuid(ids.base_uid)), m_gid(::setfsgid(ids.base_gid)) {}
  AsOwner(const AsOwner&) = delete;
  AsOwner& operator=(const AsOwner&) = delete;
  ~AsOwner() {
    ::setfsuid(static_cast<uid_t>(m_uid));
    ::setfsgid(static_cast<gid_t>(m_gid));
  }

 private:
  int m_uid;
  int m_gid;
};

Fd open_folder(const char* path) {
  return Fd(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// The root of a mount namespace is where setns(2) leads to, whatever chroot(2) did before.
Expected<void> go_to_top() {
  const Fd own(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!own) {
    return system_error("cannot leave the chroot: /proc is not mounted in it");
  }
  if (::setns(own.get(), CLONE_NEWNS) != 0) {
    return system_error("cannot leave the chroot; run with root's capabilities, or use pivot_root");
  }
  return {};
}

std::vector<std::string> system_folders() {
  std::vector<std::string> folders{"/usr", "/sys"};
  for (const auto* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (fs::is_directory(name, error)) {
      folders.emplace_back(name);
    }
  }
  return folders;
}

// What the node has of the host, held by descriptors, so that the new root may hide any of it.
class Pieces {
 public:
  explicit Pieces(const RootOptions& options) : m_options(options) {}

  Expected<void> take_all() {
    // Folders and no links, also where the host has links: a link could be replaced in the node.
    for (const auto& folder : system_folders()) {
      TRY(add(folder, folder));
    }
    for (const auto* name : layout::k_host_etc) {
      const auto path = fs::path("/etc") / name;
      std::error_code error;
      if (fs::exists(path, error)) {
        TRY(add(fs::canonical(path, error), path));
      }
    }
    for (const auto* name : k_devices) {
      const auto path = fs::path("/dev") / name;
      TRY_ASSIGN(auto tree, take(path));
      m_pieces.push_back({std::move(tree), path});
    }
    std::error_code error;
    if (fs::exists(k_tun, error)) {
      TRY_ASSIGN(auto tree, take(k_tun));
      m_pieces.push_back({std::move(tree), k_tun});
    }
    for (const auto& bind : m_options.node->binds) {
      TRY(add_bind(bind));
    }
    return {};
  }

  [[nodiscard]] Expected<void> put_all() const {
    for (const auto& piece : m_pieces) {
      TRY(put(piece));
    }
    return {};
  }

  // By the host's root, who can read what is copied.
  [[nodiscard]] Expected<void> put_copies() const {
    for (const auto& copy : m_copies) {
      TRY(put_copy(copy));
    }
    return {};
  }

 private:
  struct Copy {
    Fd source;  // O_PATH
    fs::path target;
  };

  Expected<void> add(const fs::path& source, const fs::path& target) {
    TRY_ASSIGN(auto tree, take_read_only(source));
    m_pieces.push_back({std::move(tree), target});
    return {};
  }

  Expected<void> add_bind(const Bind& bind) {
    TRY_ASSIGN(auto tree, take_read_only(bind.source));
    if (m_options.user_namespace >= 0 && !map_owners(tree, m_options.user_namespace) &&
        !is_open_to_all(bind.source)) {
      Fd source(::open(bind.source.c_str(), O_PATH | O_CLOEXEC));
      if (!source) {
        return system_error(fmt::format("cannot take {} into the node", bind.source.string()));
      }
      m_copies.push_back({std::move(source), bind.target});
      return {};
    }
    m_pieces.push_back({std::move(tree), bind.target});
    return {};
  }

  // The copy's file system is read-only like the bind that it stands for.
  [[nodiscard]] Expected<void> put_copy(const Copy& copy) const {
    const auto source = fmt::format("/proc/self/fd/{}", copy.source.get());
    const fs::path target = "." + copy.target.string();
    std::error_code error;
    const bool folder = fs::is_directory(source, error);
    TRY(make_folders(folder ? target : target.parent_path()));
    const fs::path place = folder ? target : fs::path("./run/copy");
    TRY(make_folders(place));
    TRY(mount_new("tmpfs", place.c_str(), MS_NODEV | MS_NOSUID, "mode=755"));
    const auto copied = folder ? place : place / "file";
    fs::copy(source, copied, fs::copy_options::recursive, error);
    if (error) {
      return broken("cannot copy {} into the node: {}", copy.target.string(), error.message());
    }
    TRY(give_away(copied));
    TRY_ASSIGN(auto tree, take_read_only(copied));
    ::umount2(place.c_str(), MNT_DETACH);
    return put({std::move(tree), copy.target});
  }

  [[nodiscard]] Expected<void> give_away(const fs::path& path) const {
    std::vector<fs::path> all{path};
    std::error_code error;
    for (auto item = fs::recursive_directory_iterator(path, error);
         !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
      all.push_back(item->path());
    }
    for (const auto& one : all) {
      if (::lchown(one.c_str(), m_options.ids->base_uid, m_options.ids->base_gid) != 0) {
        return system_error(fmt::format("cannot give {} to the node", one.string()));
      }
    }
    return {};
  }

  const RootOptions& m_options;
  std::vector<Piece> m_pieces;
  std::vector<Copy> m_copies;
};

// Files that no process of the node owns: of the host's root, where the node has ids of its own.
Expected<void> put_files(const std::vector<NodeFile>& files) {
  for (const auto& file : files) {
    const fs::path place = "./run/file";
    TRY(make_folders(place));
    TRY(mount_new("tmpfs", place.c_str(), MS_NODEV | MS_NOSUID, "mode=755"));
    const auto path = place / "content";
    TRY(write_file(path, file.content));
    if (::chmod(path.c_str(), file.mode) != 0) {
      return system_error(fmt::format("cannot set the mode of {}", file.target.string()));
    }
    TRY_ASSIGN(auto tree, take_read_only(path));
    ::umount2(place.c_str(), MNT_DETACH);
    TRY(put({std::move(tree), file.target}));
    std::error_code error;
    fs::remove(place, error);
  }
  return {};
}

Expected<void> make_links() {
  const std::array<std::pair<const char*, const char*>, 6> links{
      {{"/run", "./var/run"},
       {"/proc/self/fd", "./dev/fd"},
       {"/proc/self/fd/0", "./dev/stdin"},
       {"/proc/self/fd/1", "./dev/stdout"},
       {"/proc/self/fd/2", "./dev/stderr"},
       {"pts/ptmx", "./dev/ptmx"}}};
  for (const auto& [target, link] : links) {
    if (::symlink(target, link) != 0) {
      return system_error(fmt::format("cannot link {} in the node", link));
    }
  }
  return {};
}

// In the new root, with everything that may be shown there at hand.
Expected<void> furnish(const RootOptions& options, const Pieces& pieces) {
  const AsOwner owner(*options.ids);
  const auto owned =
      fmt::format("uid={},gid={},mode=755", options.ids->base_uid, options.ids->base_gid);
  for (const auto* folder : k_folders) {
    TRY(make_folders(std::string(".") + folder));
  }
  TRY(make_links());
  TRY(mount_new("tmpfs", "./etc", tmpfs_flags(*options.ids),
                fmt::format("{},size={}", owned, k_etc_size)));
  TRY(make_folders("./etc/cni/net.d"));
  for (const auto* folder : k_guarded) {
    TRY(mount_new("tmpfs", below_root(folder).c_str(), tmpfs_flags(*options.ids),
                  fmt::format("{},size={}", owned, k_guarded_size)));
  }
  for (const auto* folder : k_our_folders) {
    TRY(make_folders(below_root(folder)));
  }
  TRY(make_folders(below_root(layout::k_open)));
  TRY(mount_new("tmpfs", below_root(layout::k_open).c_str(), tmpfs_flags(*options.ids),
                fmt::format("{},size={}", owned, k_guarded_size)));
  TRY(make_file(layout::k_outside));
  // A separate proc mount is refused unless the old one is still visible, so it comes before pivot.
  TRY(options.mount_proc("./proc"));
  TRY(mount_new("devpts", "./dev/pts", MS_NOSUID | MS_NOEXEC,
                "newinstance,ptmxmode=0666,mode=620"));
  TRY(mount_new("tmpfs", "./dev/shm", tmpfs_flags(*options.ids),
                fmt::format("mode=1777,size={}", k_shm_size)));
  TRY(pieces.put_all());
  // runc binds these two into every pod; a machine without them would fail every RunPodSandbox.
  for (const auto* name : {"/etc/hosts", "/etc/resolv.conf"}) {
    if (!fs::exists(std::string(".") + name)) {
      TRY(make_file(name));
    }
  }
  return {};
}

}  // namespace

namespace {

// The same folder of the same mount.
bool is_same_place(const Fd& a, const Fd& b) {
  struct statx one {};
  struct statx other {};
  return ::statx(a.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &one) == 0 &&
         ::statx(b.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &other) == 0 &&
         one.stx_ino == other.stx_ino && one.stx_mnt_id == other.stx_mnt_id;
}

bool are_made_private() {
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

Expected<Fd> make_mounts_private() {
  auto root = open_folder("/");
  const auto here = open_folder(".");
  if (const auto at_top = go_to_top(); !at_top) {
    // Who may not even that is in no chroot that could be left.
    return are_made_private() ? Expected<Fd>(Fd()) : tl::unexpected(at_top.error());
  }
  if (!are_made_private()) {
    return system_error("cannot make the mounts private");
  }
  // A chroot may be a mount of its own.
  if (!is_same_place(root, open_folder("/"))) {
    return root;
  }
  if (here && ::fchdir(here.get()) != 0) {
    return system_error("cannot go back to the working directory");
  }
  return Fd();
}

namespace {

// Not what is mounted in it: each of those has its own flags.
Expected<std::vector<Guarded>> guard() {
  std::vector<Guarded> guarded;
  for (const auto* folder : k_guarded) {
    TRY_ASSIGN(auto writable, take(below_root(folder)));
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(AT_FDCWD, below_root(folder).c_str(), 0, &attributes, sizeof attributes) !=
        0) {
      return system_error(fmt::format("cannot make {} read-only in the node", folder));
    }
    guarded.push_back({folder, std::move(writable)});
  }
  return guarded;
}

}  // namespace

Expected<std::vector<Guarded>> make_root(const RootOptions& options) {
  if (options.chroot >= 0 && (::fchdir(options.chroot) != 0 || ::chroot(".") != 0)) {
    return system_error("cannot go back to the caller's root");
  }
  Pieces pieces(options);
  TRY(pieces.take_all());
  TRY(mount_new("tmpfs", "/tmp", tmpfs_flags(*options.ids),
                fmt::format("mode=755,size={},uid={},gid={}", options.node->size_bytes,
                            options.ids->base_uid, options.ids->base_gid)));
  const auto root = open_folder("/tmp");
  if (!root || ::fchdir(root.get()) != 0) {
    return system_error("cannot enter the node's root");
  }
  TRY(furnish(options, pieces));
  TRY(pieces.put_copies());
  auto files = options.node->files;
  files.push_back({k_preload, "", 0444});
  TRY(put_files(files));
  TRY_ASSIGN(auto guarded, guard());
  if (options.chroot >= 0) {
    TRY(go_to_top());
    if (::fchdir(root.get()) != 0) {
      return system_error("cannot go back to the node's root");
    }
  }
  if (::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
      ::chdir("/") != 0) {
    return system_error("cannot change to the node's root");
  }
  return guarded;
}

Expected<void> share_mounts() {
  // What `ip netns add` does, and containerd relies on: mounts in it are seen by all.
  if (::mount("/run/netns", "/run/netns", nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0) {
    return system_error("cannot share the node's mounts");
  }
  return {};
}

}  // namespace cni_matrix::node
