#pragma once

#include <cni_matrix/base/fd.hpp>

#include <signal.h>
#include <sys/types.h>

namespace cni_matrix::recorder {

// Signals as we were started with them, and as the real plugin gets them back. Ours: termination
// signals and SIGCHLD are blocked and read from a descriptor, SIGPIPE is ignored.
class Signals {
 public:
  Signals();
  [[nodiscard]] int fd() const { return m_fd.get(); }
  void restore() const;  // in the child, before exec

 private:
  Fd m_fd;
  sigset_t m_old_mask;
  struct sigaction m_old_pipe;
  struct sigaction m_old_child;
};

// The real plugin and our ends of its standard streams.
struct Child {
  pid_t pid = -1;
  Fd input;
  Fd output;
  Fd error_output;
};

// Start `path` with our arguments and environment. It is killed when we die: libcni kills only the
// process that it started. When `path` cannot be executed the child says so on its standard error
// and exits with 127. pid is -1 when there are no resources for it.
Child start(const char* path, char** arguments, char** environment, const Signals& signals);

}  // namespace cni_matrix::recorder
