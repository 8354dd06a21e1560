// The binaries under test, and ours. A plain process has the same things at the same paths.

#include "tools.hpp"

#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace hostile {
namespace {

constexpr const char* k_stack = "/opt/stacks/plugins-0";
constexpr const char* k_ours = "/run/cni-matrix";

Outcome write_into_stack(const Target&) {
  return make_and_unmake(std::string(k_stack) + "/hostile-made");
}

Outcome remount_stack(const Target&) {
  make_writable(k_stack);
  return make_and_unmake(std::string(k_stack) + "/hostile-made");
}

Outcome remount_every_stack(const Target&) {
  const auto points = mount_points_below("/opt/stacks/");
  Outcome outcome = not_applicable("no mount below /opt/stacks is seen");
  for (const auto& point : points) {
    make_writable(point);
    struct stat status {};
    if (::stat(point.c_str(), &status) != 0) {
      continue;
    }
    outcome = S_ISDIR(status.st_mode) ? make_and_unmake(point + "/hostile-made")
                                      : open_and_close(point, O_WRONLY);
    if (outcome.kind == Outcome::Kind::reached) {
      break;
    }
  }
  return outcome;
}

Outcome unmount_stack(const Target&) {
  return judge(::umount2(k_stack, MNT_DETACH));
}

Outcome bind_stack_elsewhere(const Target&) {
  const auto folder = empty_folder();
  if (folder.empty()) {
    return refused(EACCES, "no folder");
  }
  const bool bound = ::mount(k_stack, folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
  const int error = errno;
  make_writable(folder);
  auto outcome = bound ? make_and_unmake(folder + "/hostile-made") : refused(error, "bind");
  ::umount2(folder.c_str(), MNT_DETACH);
  ::rmdir(folder.c_str());
  return outcome;
}

Outcome copy_tree_writable(const Target&) {
  const File tree(static_cast<int>(::open_tree(AT_FDCWD, k_stack, OPEN_TREE_CLONE)));
  if (!tree.valid()) {
    return refused(errno, "open_tree");
  }
  mount_attr attributes{};
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    return refused(errno, "mount_setattr");
  }
  const File made(::openat(tree.get(), "hostile-made", O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (!made.valid()) {
    return refused(errno);
  }
  ::unlinkat(tree.get(), "hostile-made", 0);
  return reached();
}

// The recorder is in one of these places; a plain process has it in the first.
template <typename Function>
Outcome at_recorder(const Function& function) {
  Outcome outcome = refused(ENOENT, "no recorder is seen");
  for (const auto* path : {"/run/cni-matrix/recorder", "/opt/stacks/ours/recorder"}) {
    if (::access(path, F_OK) == 0) {
      outcome = function(std::string(path));
      if (outcome.kind == Outcome::Kind::reached) {
        break;
      }
    }
  }
  return outcome;
}

Outcome replace_recorder(const Target&) {
  return at_recorder(move_and_move_back);
}

// An ordinary user's nodes have only that user's id, so nothing in them can belong to another:
// README tells so.
Outcome read_recorder(const Target&) {
  unsigned long inside = 0;
  unsigned long outside = 0;
  unsigned long count = 0;
  std::ifstream("/proc/self/uid_map") >> inside >> outside >> count;
  if (count == 1) {
    return not_applicable("an ordinary user's nodes have no second id");
  }
  return at_recorder([](const std::string& path) { return open_and_close(path, O_RDONLY); });
}

// ETXTBSY is no wall, since it runs just now; what counts then is whether its mount is read-only.
Outcome write_recorder(const Target&) {
  return at_recorder([](const std::string& path) {
    make_writable(path);
    auto outcome = open_and_close(path, O_WRONLY);
    struct statvfs system {};
    if (outcome.error != ETXTBSY || ::statvfs(path.c_str(), &system) != 0) {
      return outcome;
    }
    return (system.f_flag & ST_RDONLY) != 0 ? refused(EROFS) : reached("it runs just now");
  });
}

Outcome replace_plugin(const Target&) {
  return move_and_move_back("/opt/cni/bin/hostile");
}

Outcome redirect_plugins(const Target&) {
  return move_and_move_back(std::string(k_ours) + "/real");
}

Outcome make_fault(const Target&) {
  const auto path = std::string(k_ours) + "/faults";
  if (::mkdir(path.c_str(), 0755) != 0) {
    return refused(errno, path);
  }
  ::rmdir(path.c_str());
  return reached(path);
}

Outcome refuse_containers(const Target&) {
  return make_and_unmake(std::string(k_ours) + "/refuse-create");
}

}  // namespace

std::vector<Attempt> attempts_on_stack() {
  constexpr auto k_area = "stack";
  return {{k_area, "make a file in the plugins' folder", write_into_stack},
          {k_area, "remount the plugins' folder, make a file", remount_stack},
          {k_area, "remount all below /opt/stacks and write", remount_every_stack},
          {k_area, "unmount the plugins' folder", unmount_stack},
          {k_area, "bind the plugins' folder elsewhere, remount", bind_stack_elsewhere},
          {k_area, "a writable copy of the mount (open_tree)", copy_tree_writable},
          {k_area, "rename the recorder", replace_recorder},
          {k_area, "open the recorder for writing", write_recorder},
          {k_area, "read the recorder's executable", read_recorder},
          {k_area, "rename a plugin in /opt/cni/bin", replace_plugin},
          {k_area, "rename the link to the real plugins", redirect_plugins},
          {k_area, "make a folder of faults", make_fault},
          {k_area, "tell the OCI wrapper to refuse", refuse_containers}};
}

}  // namespace hostile
