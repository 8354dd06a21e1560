#include "child.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

bool open_pipe(Pipe& pipe) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return false;
  }
  pipe.read.reset(fds[0]);
  pipe.write.reset(fds[1]);
  return true;
}

}  // namespace

Signals::Signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &m_old_pipe);
  action.sa_handler = SIG_DFL;  // an inherited SIG_IGN would lose the plugin's exit status
  ::sigaction(SIGCHLD, &action, &m_old_child);
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    sigaddset(&mask, signal);
  }
  ::sigprocmask(SIG_BLOCK, &mask, &m_old_mask);
  m_fd.reset(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

void Signals::restore() const {
  ::sigaction(SIGPIPE, &m_old_pipe, nullptr);
  ::sigaction(SIGCHLD, &m_old_child, nullptr);
  ::sigprocmask(SIG_SETMASK, &m_old_mask, nullptr);
}

Child start(const char* path, char** arguments, char** environment, const Signals& signals) {
  Child child;
  Pipe input;
  Pipe output;
  Pipe error_output;
  if (!open_pipe(input) || !open_pipe(output) || !open_pipe(error_output)) {
    return child;
  }
  const pid_t parent = ::getpid();
  // vfork, since copying page tables is a tenth of the time that a call costs. The child touches
  // nothing that we use afterwards.
  child.pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
      ::_exit(127);  // it died before prctl
    }
    ::dup2(input.read.get(), STDIN_FILENO);
    ::dup2(output.write.get(), STDOUT_FILENO);
    ::dup2(error_output.write.get(), STDERR_FILENO);
    signals.restore();
    ::execve(path, arguments, environment);
    ::dprintf(STDERR_FILENO, "cni-matrix recorder: cannot execute %s: %s\n", path,
              std::strerror(errno));
    ::_exit(127);
  }
  // Never wait for a plugin that does not read: it may be waiting for us to take its output.
  ::fcntl(input.write.get(), F_SETFL, O_NONBLOCK);
  child.input = std::move(input.write);
  child.output = std::move(output.read);
  child.error_output = std::move(error_output.read);
  return child;
}

}  // namespace cni_matrix::recorder
