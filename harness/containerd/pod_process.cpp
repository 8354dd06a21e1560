#include "pod_process.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>

#include <charconv>
#include <csignal>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cni_matrix::containerd {
namespace {

constexpr int k_death_wait_ms = 10'000;

}  // namespace

// proc(5): "pid (command) state ppid ...", where the command may hold anything.
Expected<int> parent_of(int pid) {
  TRY_ASSIGN(const auto stat, read_file(fmt::format("/proc/{}/stat", pid), 4096));
  const auto close = stat.rfind(')');
  int parent = 0;
  if (close != std::string::npos && close + 4 < stat.size()) {
    std::from_chars(stat.data() + close + 4, stat.data() + stat.size(), parent);
  }
  if (parent < 2) {
    return broken("process {} has no parent but init", pid);
  }
  return parent;
}

Expected<void> kill_process(int pid) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process || ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) {
    return system_error(fmt::format("cannot kill process {}", pid));
  }
  pollfd dead{process.get(), POLLIN, 0};
  if (::poll(&dead, 1, k_death_wait_ms) <= 0) {
    return broken("process {} has SIGKILL but does not die", pid);
  }
  return {};
}

}  // namespace cni_matrix::containerd
