// The recorder: stands in for every plugin in a node's /opt/cni/bin, notes the call and runs the
// real plugin of the same name. It must not change outcomes, and be small and quick: it is started
// as often as a plugin is. So it is linked statically and uses nothing of libstdc++ but templates.

#include "caller.hpp"
#include "child.hpp"
#include "cpu.hpp"
#include "forward.hpp"
#include "paths.hpp"
#include "trace_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

std::int64_t now_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

// Pipes must not get the numbers of standard streams that our caller left closed.
void open_standard_streams() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  ::close(fd);
}

// End as the plugin did.
[[noreturn]] void end_like(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (!WCOREDUMP(status)) {
      ::prctl(PR_SET_DUMPABLE, 0);
    }
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    ::sigprocmask(SIG_UNBLOCK, &mask, nullptr);
    ::kill(::getpid(), signal);
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

int run(char** arguments, char** environment) {
  const std::int64_t start_ns = now_ns();
  if (arguments[0] == nullptr) {
    return 127;
  }
  open_standard_streams();
  const char* slash = std::strrchr(arguments[0], '/');
  const char* name = slash == nullptr ? arguments[0] : slash + 1;
  char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "%s/%s", real_plugins(), name);

  const Signals signals;
  Child child = start(path, arguments, environment, signals);
  if (child.pid < 0 || signals.fd() < 0) {
    // No descriptors or no processes left. Unrecorded is better than not at all.
    signals.restore();
    ::execve(path, arguments, environment);
    return 127;
  }
  TraceFile trace(trace_directory(), name, start_ns, called_by_plugin(), environment);
  const Ending ending = forward(child, signals, trace);
  const int status = ending.status;
  trace.end(WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, now_ns(), own_cpu_us() - ending.reaping_us);
  end_like(status);
}

}  // namespace
}  // namespace cni_matrix::recorder

int main(int /*argc*/, char** argv) {
  return cni_matrix::recorder::run(argv, environ);
}
