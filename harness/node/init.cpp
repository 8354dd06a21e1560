#include "init.hpp"

#include "forbidden_calls.hpp"
#include "init_name.hpp"
#include "own_memory.hpp"
#include "reaper.hpp"
#include "root.hpp"

#include "base/cpu_time.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr int k_setup_failed = 125;

void write_line(int fd, const std::string& text) {
  if (::write(fd, text.data(), text.size()) < 0) {
    // The scheduler is gone; init is about to die of that too.
  }
}

// An ordinary user's init is in a user namespace too: without newuidmap one may map only oneself,
// and the group only once setgroups is given up (user_namespaces(7)).
Expected<void> map_identity(uid_t uid, gid_t gid) {
  TRY(write_file("/proc/self/setgroups", "deny"));
  TRY(write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid)));
  return write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

// What there is when the node is made.
struct Made {
  Fd proc;  // where init and worker are seen; it becomes the worker's /proc
  Reaper reaper;
  std::vector<Guarded> guarded;
  Fd forbidden;  // none where nothing is
};

Expected<Made> make(const InitOptions& options) {
  if (options.ids->boundary == Boundary::user) {
    TRY(map_identity(options.uid, options.gid));
  }
  Made made;
  TRY_ASSIGN(const Fd chroot, make_mounts_private());
  TRY_ASSIGN(made.proc, new_proc());
  TRY_ASSIGN(made.reaper, Reaper::start(*options.ids, made.proc.get()));
  const bool own_ids = options.ids->boundary == Boundary::own_ids;
  TRY_ASSIGN(made.guarded,
             make_root({options.node, options.ids, own_ids ? made.reaper.user_namespace() : -1,
                        chroot.get(),
                        [&](const char* target) { return made.reaper.mount_proc(target); }}));
  TRY(made.reaper.finish(made.proc.get()));
  if (options.ids->in_user_namespace()) {
    TRY_ASSIGN(made.forbidden, forbid_calls());
  }
  return made;
}

[[noreturn]] void be_worker(const InitOptions& options, const Made& made,
                            std::int64_t setup_cpu_us) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::close(options.alive);
  ::fcntl(options.output, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, k_worker_name);
  if (made.forbidden) {
    ::close(made.forbidden.get());
  }
  int status = k_setup_failed;
  if (const auto joined = made.reaper.join(*options.ids, made.proc.get(), made.guarded); !joined) {
    write_line(options.output, setup_error_line(joined.error()));
    ::_exit(status);
  }
  try {
    status = (*options.worker)(options.output, setup_cpu_us);
  } catch (const std::exception& error) {
    write_line(options.output, fmt::format("!bthe worker failed: {}\n", error.what()));
  }
  std::fflush(nullptr);
  ::_exit(status);
}

class Supervisor {
 public:
  Supervisor(const InitOptions& options, const Made& made, pid_t worker)
      : m_options(options),
        m_made(made),
        m_worker(worker),
        m_denied(made.forbidden.get(), made.proc.get()) {}

  // The status to exit with: the worker's, or 128 and the signal that ended it.
  int run() {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    const Fd signals(::signalfd(-1, &children, SFD_CLOEXEC));
    std::array<pollfd, 3> fds{pollfd{signals.get(), POLLIN, 0}, pollfd{m_options.alive, POLLIN, 0},
                              pollfd{m_made.forbidden.get(), POLLIN, 0}};
    for (;;) {
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
        return k_setup_failed;
      }
      if (fds[1].revents != 0) {
        return m_result.value_or(k_setup_failed);
      }
      if ((fds[2].revents & POLLIN) != 0) {
        m_denied.answer();
      } else if (fds[2].revents != 0) {
        fds[2].fd = -1;  // nobody is left who could make such calls
      }
      signalfd_siginfo info{};
      if (fds[0].revents != 0 && ::read(signals.get(), &info, sizeof info) > 0) {
        reap();
        if (m_result && !m_options.node->keep) {
          return *m_result;
        }
      }
    }
  }

 private:
  // PID 1 reaps everything that is reparented to it.
  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == m_made.reaper.pid() && !m_result) {
        ::kill(m_worker,
               SIGKILL);  // with the reaper went everything that the worker has to do with
      }
      if (pid == m_worker) {
        m_result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        tell_denied();
        ::close(m_options.output);
      }
    }
  }

  void tell_denied() const {
    if (m_options.node->tell_denied) {
      for (const auto& call : m_denied.seen()) {
        write_line(m_options.output, "?" + call + "\n");
      }
    }
  }

  const InitOptions& m_options;
  const Made& m_made;
  pid_t m_worker;
  DeniedCalls m_denied;
  std::optional<int> m_result;
};

// Only these two are ours; write ends of other nodes' pipes must not live on in here.
void keep_only(int one, int other) {
  const int low = std::min(one, other);
  const int high = std::max(one, other);
  if (low > 3) {
    ::close_range(3, static_cast<unsigned>(low - 1), 0);
  }
  if (high > low + 1) {
    ::close_range(static_cast<unsigned>(low + 1), static_cast<unsigned>(high - 1), 0);
  }
  ::close_range(static_cast<unsigned>(high + 1), ~0U, 0);
}

std::string first_line(const char* file) {
  const auto text = read_file(file, 4096);
  return text ? std::string(trim(*text)) : std::string();
}

}  // namespace

void run_init(const InitOptions& options) {
  keep_only(options.alive, options.output);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, k_init_name);
  ::setsid();
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) {
    ::signal(number, SIG_DFL);
  }
  forget_caller();
  // Who inherits the caller's session keyring may use its keys, whatever its ids (keyrings(7)).
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  const auto made = make(options);
  if (!made) {
    write_line(options.output, setup_error_line(made.error()));
    ::_exit(k_setup_failed);
  }
  const auto setup_cpu = own_cpu_us();
  const pid_t worker = ::fork();
  if (worker < 0) {
    write_line(options.output, "!bcannot start the node's worker\n");
    ::_exit(k_setup_failed);
  }
  if (worker == 0) {
    be_worker(options, *made, setup_cpu);
  }
  ::_exit(Supervisor(options, *made, worker).run());
}

std::string cure_of_refused_namespaces(int number) {
  if (first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" &&
      ::geteuid() != 0) {
    return "AppArmor forbids user namespaces to ordinary users: run as root, or set "
           "kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (first_line("/proc/sys/kernel/unprivileged_userns_clone") == "0" && ::geteuid() != 0) {
    return "user namespaces are off for ordinary users: run as root, or set "
           "kernel.unprivileged_userns_clone=1";
  }
  if (number == ENOSPC || first_line("/proc/sys/user/max_user_namespaces") == "0") {
    return "the limit of namespaces is reached: raise user.max_user_namespaces and "
           "user.max_net_namespaces, or run as root with --privileged";
  }
  if (number == ENOSYS || number == EINVAL) {
    return "this kernel has no clone3 or lacks a kind of namespace: use Linux 5.12 or newer with "
           "namespaces";
  }
  if (::geteuid() == 0) {
    return "a seccomp filter or a container forbids it: run on the machine itself or in a "
           "privileged container, or give --privileged";
  }
  return "a chroot, a seccomp filter or a container forbids new namespaces: use pivot_root instead "
         "of chroot, run on the machine itself or in a privileged container, or run as root";
}

}  // namespace cni_matrix::node
