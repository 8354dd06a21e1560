#include "runtime.hpp"

#include "paths.hpp"
#include "streams.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

constexpr int k_death_wait_ms = 10'000;

// 0 when the file does not say. Never 1 or less: kill(2) takes those for whole groups, or the init.
pid_t runtime_pid() {
  char text[PATH_MAX];
  std::snprintf(text, sizeof(text), "%s/runtime.pid", faults_directory());
  const Fd file(::open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ssize_t size = file ? read_again(file.get(), text, 16) : 0;
  if (size <= 0) {
    return 0;
  }
  text[size] = '\0';
  char* end = nullptr;
  const long pid = std::strtol(text, &end, 10);
  return *end == '\n' && pid > 1 && pid <= INT_MAX && pid != ::getpid() ? static_cast<pid_t>(pid)
                                                                        : 0;
}

}  // namespace

const char* kill_runtime() {
  const pid_t pid = runtime_pid();
  if (pid == 0) {
    return "runtime.pid names no process";
  }
  const Fd runtime(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!runtime || ::syscall(SYS_pidfd_send_signal, runtime.get(), SIGKILL, nullptr, 0) != 0) {
    return std::strerror(errno);
  }
  pollfd dead = {runtime.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&dead, 1, k_death_wait_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 ? nullptr : "the runtime has SIGKILL but does not die";
}

}  // namespace cni_matrix::recorder
