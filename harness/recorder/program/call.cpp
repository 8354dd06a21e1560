#include "call.hpp"

#include "cpu.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace cni_matrix::recorder {

std::int64_t now_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

void end_like(int status, Trace& trace, std::int64_t others_cpu_us) {
  trace.end(WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, now_ns(), own_cpu_us() - others_cpu_us);
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

}  // namespace cni_matrix::recorder
