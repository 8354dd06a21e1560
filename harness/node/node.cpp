#include "init_name.hpp"
#include "root.hpp"
#include "uplink.hpp"

#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/text.hpp>
#include <cni_matrix/node/node.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr int k_setup_failed = 125;

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

std::int64_t cpu_of(const rusage& usage) {
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

void write_line(int fd, const std::string& text) {
  if (::write(fd, text.data(), text.size()) < 0) {
    // The scheduler is gone; init is about to die of that too.
  }
}

Expected<void> map_identity(uid_t uid, gid_t gid) {
  // Without newuidmap one may map only oneself, and the group only once setgroups is given up
  // (user_namespaces(7)).
  CNI_MATRIX_TRY(write_file("/proc/self/setgroups", "deny"));
  CNI_MATRIX_TRY(write_file("/proc/self/uid_map", fmt::format("0 {} 1", uid)));
  return write_file("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

struct InitOptions {
  const NodeOptions* node;
  const Node::Worker* worker;
  int alive;
  int output;
  uid_t uid;
  gid_t gid;
  bool user_namespace;
};

Expected<void> set_up(const InitOptions& options) {
  if (options.user_namespace) {
    CNI_MATRIX_TRY(map_identity(options.uid, options.gid));
  }
  CNI_MATRIX_TRY(make_root(*options.node));
  if (::sethostname("node", 4) != 0) {
    return system_error("cannot name the node");
  }
  // 0 does not stop a core dump into a pipe, 1 does (core(5)); such a pipe's program is the host's.
  const rlimit no_core{1, 1};
  ::setrlimit(RLIMIT_CORE, &no_core);
  return make_uplink();
}

// PID 1 reaps everything that is reparented to it, and ends with the worker or with the scheduler.
int supervise(pid_t worker, const InitOptions& options) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const Fd signals(::signalfd(-1, &children, SFD_CLOEXEC));
  std::array<pollfd, 2> fds{pollfd{signals.get(), POLLIN, 0}, pollfd{options.alive, POLLIN, 0}};
  int result = -1;
  for (;;) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
      return k_setup_failed;
    }
    if (fds[1].revents != 0) {
      return result < 0 ? k_setup_failed : result;
    }
    signalfd_siginfo info{};
    if (fds[0].revents != 0 && ::read(signals.get(), &info, sizeof info) > 0) {
      int status = 0;
      for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == worker) {
          result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
          if (!options.node->keep) {
            return result;
          }
          ::close(options.output);
        }
      }
    }
  }
}

[[noreturn]] void init(const InitOptions& options) {
  // Only these two are ours; write ends of other nodes' pipes must not live on in here.
  const int low = std::min(options.alive, options.output);
  const int high = std::max(options.alive, options.output);
  if (low > 3) {
    ::close_range(3, static_cast<unsigned>(low - 1), 0);
  }
  if (high > low + 1) {
    ::close_range(static_cast<unsigned>(low + 1), static_cast<unsigned>(high - 1), 0);
  }
  ::close_range(static_cast<unsigned>(high + 1), ~0U, 0);
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
  if (auto done = set_up(options); !done) {
    write_line(options.output,
               fmt::format("!{}{}\n", done.error().kind == ErrorKind::unavailable ? 'u' : 'b',
                           done.error().message));
    ::_exit(k_setup_failed);
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto setup_cpu = cpu_of(usage);
  const pid_t worker = ::fork();
  if (worker < 0) {
    write_line(options.output, "!bcannot start the node's worker\n");
    ::_exit(k_setup_failed);
  }
  if (worker == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::close(options.alive);
    ::fcntl(options.output, F_SETFD, FD_CLOEXEC);
    ::prctl(PR_SET_NAME, "cni-matrix-work");
    int status = k_setup_failed;
    try {
      status = (*options.worker)(options.output, setup_cpu);
    } catch (const std::exception& error) {
      write_line(options.output, fmt::format("!bthe worker failed: {}\n", error.what()));
    }
    std::fflush(nullptr);
    ::_exit(status);
  }
  if (!options.node->keep) {
    ::close(options.output);
  }
  ::_exit(supervise(worker, options));
}

std::string first_line(const char* file) {
  const auto text = read_file(file, 4096);
  return text ? std::string(trim(*text)) : std::string();
}

// Why the kernel said no, and what to do (the switches that distributions have).
std::string cure(int number) {
  if (first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return "AppArmor forbids user namespaces to ordinary users: run as root, or set "
           "kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (first_line("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return "user namespaces are off for ordinary users: run as root, or set "
           "kernel.unprivileged_userns_clone=1";
  }
  if (number == ENOSPC || first_line("/proc/sys/user/max_user_namespaces") == "0") {
    return "the limit of namespaces is reached: run as root, or raise user.max_user_namespaces and "
           "user.max_net_namespaces";
  }
  if (number == ENOSYS || number == EINVAL) {
    return "this kernel has no clone3 or lacks a kind of namespace: use Linux 5.12 or newer with "
           "namespaces";
  }
  return "a seccomp filter or a container forbids new namespaces: run on the machine itself or in "
         "a "
         "privileged container";
}

}  // namespace

Expected<Node> Node::start(const NodeOptions& options, const Worker& worker) {
  int alive[2];
  int output[2];
  if (::pipe2(alive, O_CLOEXEC) != 0) {
    return system_error("cannot make a pipe");
  }
  Fd alive_read(alive[0]);
  Node node;
  node.m_alive.reset(alive[1]);
  if (::pipe2(output, O_CLOEXEC) != 0) {
    return system_error("cannot make a pipe");
  }
  node.m_output.reset(output[0]);
  const Fd output_write(output[1]);
  ::fcntl(node.m_output.get(), F_SETFL, O_NONBLOCK);
  std::fflush(nullptr);

  InitOptions init_options{&options,   &worker,    alive_read.get(), output_write.get(),
                           ::getuid(), ::getgid(), ::geteuid() != 0};
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags =
      CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
  if (init_options.user_namespace) {
    arguments.flags |= CLONE_NEWUSER;
  }
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);  // NOLINT: the kernel's interface
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) {
    const int number = errno;
    if (number == EAGAIN || number == ENOMEM) {
      errno = number;
      return system_error("cannot start a node");
    }
    return unavailable("cannot make a node's namespaces ({}): {}",
                       std::strerror(number),  // NOLINT(concurrency-mt-unsafe)
                       cure(number));
  }
  if (pid == 0) {
    init(init_options);
  }
  node.m_pid = pid;
  node.m_pidfd.reset(pidfd);
  return node;
}

Node::Node(Node&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)),
      m_pidfd(std::move(other.m_pidfd)),
      m_output(std::move(other.m_output)),
      m_alive(std::move(other.m_alive)) {}

Node& Node::operator=(Node&& other) noexcept {
  std::swap(m_pid, other.m_pid);
  std::swap(m_pidfd, other.m_pidfd);
  std::swap(m_output, other.m_output);
  std::swap(m_alive, other.m_alive);
  return *this;
}

Node::~Node() {
  if (m_pid > 0) {
    kill();
    reap();
  }
}

void Node::kill() const {
  if (m_pid > 0) {
    ::kill(m_pid, SIGKILL);
  }
}

NodeEnding Node::reap() {
  NodeEnding ending;
  if (m_pid <= 0) {
    return ending;
  }
  int status = 0;
  rusage usage{};
  while (::wait4(m_pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) {
    ending.exit_code = WEXITSTATUS(status);
  } else if (WIFSIGNALED(status)) {
    ending.signal = WTERMSIG(status);
  }
  ending.cpu_us = cpu_of(usage);
  m_pid = -1;
  m_pidfd.reset();
  m_alive.reset();
  return ending;
}

Error parse_setup_error(const std::string& line) {
  const auto kind = line.size() > 1 && line[1] == 'u' ? ErrorKind::unavailable : ErrorKind::broken;
  return {kind,
          std::string(trim(std::string_view(line).substr(std::min<std::size_t>(2, line.size()))))};
}

Expected<std::string> check_privileges() {
  CNI_MATRIX_TRY_ASSIGN(auto node, Node::start({}, [](int, std::int64_t) { return 0; }));
  std::string text;
  pollfd fd{node.output(), POLLIN, 0};
  while (::poll(&fd, 1, 10'000) > 0) {
    std::array<char, 512> buffer{};
    const auto count = ::read(node.output(), buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (text.starts_with('!')) {
    return tl::unexpected(parse_setup_error(text));
  }
  node.reap();
  return ::geteuid() == 0 ? "root" : "user namespace";
}

Expected<int> enter(pid_t pid, const std::vector<std::string>& argv) {
  const Fd node(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!node) {
    return input_error("the node is gone: no process {}", pid);
  }
  const int user = ::geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (::setns(node.get(), user | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC |
                              CLONE_NEWUTS) != 0) {
    return system_error("cannot enter the node");
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return system_error("cannot start a process in the node");
  }
  if (child == 0) {
    std::vector<std::string> texts = argv;
    std::vector<char*> words;
    for (auto& text : texts) {
      words.push_back(text.data());
    }
    words.push_back(nullptr);
    if (::chdir("/") == 0) {
      ::execvp(words[0], words.data());
    }
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cni_matrix::node
