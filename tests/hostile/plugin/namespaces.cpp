// Namespaces of the host.

#include "tools.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostile {
namespace {

// Any process that is seen and is in the host's namespace will do.
Outcome enter(const Target& target, const std::string& kind) {
  const auto host = target.namespaces.find(kind);
  if (host == target.namespaces.end()) {
    return not_applicable("the host's namespace is unknown");
  }
  for (const auto pid : processes()) {
    const auto path = proc_path(pid, "ns/" + kind);
    if (link_target(path) == host->second) {
      const File space(path, O_RDONLY);
      return space.valid() && ::setns(space.get(), 0) == 0 ? reached(path) : refused(errno, path);
    }
  }
  return refused(ENOENT, "no process that is seen is in it");
}

Outcome enter_mounts(const Target& target) {
  return enter(target, "mnt");
}

Outcome enter_network(const Target& target) {
  return enter(target, "net");
}

Outcome enter_pids(const Target& target) {
  return enter(target, "pid");
}

Outcome enter_ipc(const Target& target) {
  return enter(target, "ipc");
}

Outcome enter_host_name(const Target& target) {
  return enter(target, "uts");
}

Outcome enter_cgroups(const Target& target) {
  return enter(target, "cgroup");
}

Outcome name_host(const Target& target) {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  const std::string text = name.data();
  if (::sethostname(text.data(), text.size()) != 0) {
    return refused(errno);
  }
  return in_host_namespace(target, "uts") ? reached() : refused(0, "its own UTS namespace");
}

}  // namespace

std::vector<Attempt> attempts_on_namespaces() {
  constexpr auto k_area = "namespaces";
  return {{k_area, "setns to the host's mounts", enter_mounts},
          {k_area, "setns to the host's network", enter_network},
          {k_area, "setns to the host's PIDs", enter_pids},
          {k_area, "setns to the host's IPC", enter_ipc},
          {k_area, "setns to the host's UTS", enter_host_name},
          {k_area, "setns to the host's cgroups", enter_cgroups},
          {k_area, "write back the host's name", name_host}};
}

}  // namespace hostile
