// Files of the host.

#include "tools.hpp"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostile {
namespace {

Outcome open_host_file(const Target& target) {
  return open_and_close(target.file, O_WRONLY);
}

Outcome make_host_file(const Target& target) {
  return make_and_unmake(target.file + ".made");
}

// The first of the processes that are seen whose `name` ("root", "cwd") leads to the file.
Outcome through_processes(const Target& target, const std::string& name, const std::string& below) {
  int error = ENOENT;
  for (const auto pid : processes()) {
    const auto path = proc_path(pid, name + below);
    if (auto outcome = open_and_close(path, O_WRONLY); outcome.kind == Outcome::Kind::reached) {
      return outcome;
    } else if (outcome.error != ENOENT) {
      error = outcome.error;
    }
  }
  return refused(error, "/proc/*/" + name + target.file);
}

Outcome through_roots(const Target& target) {
  return through_processes(target, "root", target.file);
}

Outcome through_working_folders(const Target& target) {
  return through_processes(target, "cwd", target.file.substr(target.file.rfind('/')));
}

// chroot(2): "the call does not change the current working directory".
Outcome leave_a_chroot(const Target& target) {
  const auto folder = empty_folder();
  if (folder.empty()) {
    return refused(EACCES, "no folder");
  }
  const bool in = ::chroot(folder.c_str()) == 0;
  const int error = errno;
  if (in) {
    for (int i = 0; i < 64; ++i) {
      if (::chdir("..") != 0) {
        break;
      }
    }
    static_cast<void>(::chroot("."));
  }
  auto outcome = in ? open_and_close(target.file, O_WRONLY) : refused(error);
  ::rmdir(folder.c_str());
  return outcome;
}

Outcome open_by_handle(const Target&) {
  constexpr unsigned k_handle_size = 128;
  const std::unique_ptr<file_handle, void (*)(void*)> handle(
      static_cast<file_handle*>(std::calloc(1, sizeof(file_handle) + k_handle_size)), std::free);
  handle->handle_bytes = k_handle_size;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, "/usr", handle.get(), &mount, 0) != 0) {
    return errno == EOPNOTSUPP ? not_applicable("the file system has no handles") : refused(errno);
  }
  const File usr("/usr", O_RDONLY | O_DIRECTORY);
  const File file(::open_by_handle_at(usr.get(), handle.get(), O_RDONLY | O_CLOEXEC));
  return judge(file.get());
}

// A read-only bind of the host's, made writable again. Where it is no mount, that changes nothing.
Outcome through_remount(const std::string& mount_point, const std::string& file) {
  if (::access(file.c_str(), F_OK) != 0) {
    return not_applicable("there is no " + file);
  }
  make_writable(mount_point);
  return open_and_close(file, O_WRONLY);
}

Outcome remount_usr(const Target&) {
  return through_remount("/usr", "/usr/lib/os-release");
}

Outcome remount_passwd(const Target&) {
  return through_remount("/etc/passwd", "/etc/passwd");
}

Outcome remount_group(const Target&) {
  return through_remount("/etc/group", "/etc/group");
}

Outcome bind_usr_elsewhere(const Target&) {
  const auto folder = empty_folder();
  if (folder.empty()) {
    return refused(EACCES, "no folder");
  }
  const bool bound = ::mount("/usr", folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
  const int error = errno;
  make_writable(folder);
  auto outcome =
      bound ? open_and_close(folder + "/lib/os-release", O_WRONLY) : refused(error, "bind");
  ::umount2(folder.c_str(), MNT_DETACH);
  ::rmdir(folder.c_str());
  return outcome;
}

Outcome shared_file(const Target& target) {
  return open_and_close(target.shared_file, O_WRONLY);
}

}  // namespace

std::vector<Attempt> attempts_on_files() {
  constexpr auto k_area = "host files";
  return {{k_area, "open a host file for writing", open_host_file},
          {k_area, "make a file in a host folder", make_host_file},
          {k_area, "a host file through /proc/*/root", through_roots},
          {k_area, "a host file through /proc/*/cwd", through_working_folders},
          {k_area, "leave a chroot for a host file", leave_a_chroot},
          {k_area, "open_by_handle_at", open_by_handle},
          {k_area, "remount /usr and open a file for writing", remount_usr},
          {k_area, "bind /usr elsewhere, remount, open", bind_usr_elsewhere},
          {k_area, "remount /etc/passwd and open it for writing", remount_passwd},
          {k_area, "remount /etc/group and open it for writing", remount_group},
          {k_area, "open a file of the host's /dev/shm", shared_file}};
}

}  // namespace hostile
