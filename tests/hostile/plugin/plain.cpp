#include "plain.hpp"

#include "tools.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostile {
namespace {

bool write_text(const char* path, const std::string& text) {
  const File file(path, O_WRONLY | O_CREAT, 0755);
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool enter_namespaces() {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  if (uid == 0) {
    return ::unshare(CLONE_NEWNS | CLONE_NEWNET) == 0;
  }
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0 &&
         write_text("/proc/self/setgroups", "deny") &&
         write_text("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") &&
         write_text("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
}

// What is there in a node, where it is there.
bool furnish(const Target& target) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0 ||
      ::mount("tmpfs", "/opt", "tmpfs", 0, "mode=755") != 0) {
    return false;
  }
  for (const auto* folder : {"/run/cni-matrix", "/run/cni-matrix/trace", "/run/cni-matrix/logs",
                             "/opt/cni", "/opt/cni/bin", "/opt/stacks", "/opt/stacks/plugins-0"}) {
    if (::mkdir(folder, 0755) != 0) {
      return false;
    }
  }
  return write_text("/run/cni-matrix/recorder", "recorder") &&
         write_text("/run/cni-matrix/trace/00000000000000000001-1", "record") &&
         ::symlink("/opt/stacks/plugins-0", "/run/cni-matrix/real") == 0 &&
         write_text("/opt/cni/bin/hostile", "recorder") &&
         ::mount(target.plugins.c_str(), "/opt/stacks/plugins-0", nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, "/opt/stacks/plugins-0", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY,
                 nullptr) == 0;
}

}  // namespace

int run_plain(const Target& target) {
  if (!enter_namespaces() || !furnish(target)) {
    std::fprintf(stderr, "hostile: the plain process cannot be made: %s\n", std::strerror(errno));
    return 1;
  }
  // As a node's worker and init, these are in the user namespace of the plain process.
  std::array<pid_t, 2> ours{};
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ours[i] = ::fork();
    if (ours[i] == 0) {
      ::_exit(be_decoy(i == 0 ? "cni-matrix-work" : "cni-matrix-init", "/"));
    }
  }
  try_all(target, STDOUT_FILENO);
  for (const auto pid : ours) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  return 0;
}

int be_decoy(const char* name, const char* folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, name);
  int ends[2];
  if (::chdir(folder) != 0 || ::pipe(ends) != 0) {
    return 1;
  }
  for (;;) {
    ::pause();
  }
}

}  // namespace hostile
