#include "apart.hpp"
#include "cpu_time.hpp"
#include "text.hpp"
#include "try.hpp"

#include <cni_matrix/base/process.hpp>

// Boost 1.74 has the code for vfork, and nothing that switches it on.
#define BOOST_POSIX_HAS_VFORK 1  // NOLINT(cppcoreguidelines-macro-usage)
#include <boost/asio/io_context.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/group.hpp>
#include <boost/process/handles.hpp>
#include <boost/process/io.hpp>
#include <boost/process/posix.hpp>
#include <boost/process/start_dir.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix {

namespace bp = boost::process;
using Clock = std::chrono::steady_clock;

namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a meter of this process
std::atomic<std::int64_t> commands_cpu = 0;

constexpr int k_look_ms = 100;
constexpr std::chrono::milliseconds k_after_the_end{500};

struct Pipe {
  Fd read;
  Fd write;
};

Expected<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return system_error("cannot make a pipe");
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

bp::environment to_environment(const std::vector<std::string>& variables) {
  bp::environment environment;
  for (const auto& variable : variables) {
    const auto equals = variable.find('=');
    environment[variable.substr(0, equals)] =
        equals == std::string::npos ? "" : variable.substr(equals + 1);
  }
  return environment;
}

// In the child, between vfork and exec: die with the thread that started us, and form a group of
// our own so that a time-out ends the children too.
struct ChildSetup : bp::extend::handler {
  template <typename Executor>
  void on_exec_setup(Executor& /*executor*/) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
  }
};

// Boost takes FILE* or descriptors through these; the child's descriptor is `source`.
Expected<pid_t> spawn(const std::vector<std::string>& argv,
                      const std::vector<std::string>& variables,
                      const std::filesystem::path& working_directory, int in, int out, int err) {
  const auto program = argv.at(0).find('/') == std::string::npos ? find_program(argv[0])
                                                                 : std::filesystem::path(argv[0]);
  if (program.empty()) {
    return broken("the program {} is missing: it is in none of {}", argv[0], k_system_path);
  }
  std::error_code error;
  const std::vector<std::string> arguments(argv.begin() + 1, argv.end());
  auto environment = to_environment(variables);
  const std::string directory = working_directory.empty() ? "." : working_directory.string();
  bp::child child(bp::exe = program.string(), bp::args = arguments, environment, error,
                  bp::start_dir = directory, bp::posix::fd.bind(0, in), bp::posix::fd.bind(1, out),
                  bp::posix::fd.bind(2, err), bp::limit_handles, bp::posix::use_vfork,
                  ChildSetup{});
  if (error) {
    return broken("cannot start {}: {}", program.string(), error.message());
  }
  const pid_t pid = child.id();
  child.detach();  // we wait on a pidfd: Boost 1.74's timed wait is broken (boostorg/process#294)
  return pid;
}

Expected<pid_t> spawn_apart(const std::function<Expected<pid_t>()>& start) {
  std::optional<Expected<pid_t>> pid;
  run_apart([&] { pid = start(); });
  return *pid;
}

// The namespace of a program that is started apart, and the way back from it.
class Network {
 public:
  static Expected<Network> of(const std::filesystem::path& file) {
    Network network;
    if (!file.empty()) {
      TRY_ASSIGN(network.m_there, open_namespace(file));
      TRY_ASSIGN(network.m_here, open_namespace("/proc/thread-self/ns/net"));
    }
    return network;
  }

  // What `start` starts is in that namespace; the calling thread is there meanwhile.
  [[nodiscard]] Expected<pid_t> run(const std::function<Expected<pid_t>()>& start) const {
    if (!m_there) {
      return start();
    }
    if (::setns(m_there.get(), CLONE_NEWNET) != 0) {
      return system_error("cannot enter the network namespace of a program");
    }
    auto pid = start();
    if (::setns(m_here.get(), CLONE_NEWNET) != 0) {
      return system_error("cannot come back from the network namespace of a program");
    }
    return pid;
  }

 private:
  static Expected<Fd> open_namespace(const std::filesystem::path& file) {
    Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
      return system_error(fmt::format("cannot open the network namespace {}", file.string()));
    }
    return fd;
  }

  Fd m_there;
  Fd m_here;
};

Expected<Fd> open_pidfd(pid_t pid) {
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) {
    return system_error("cannot open a pidfd");
  }
  return fd;
}

int remaining_ms(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
}

// Read what is there; false at the end of the stream.
bool drain(int fd, std::string& into, std::size_t limit, bool& truncated) {
  std::array<char, 1U << 16U> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const auto count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  if (count == 0) {
    return false;
  }
  const auto room = limit - std::min(limit, into.size());
  truncated = truncated || static_cast<std::size_t>(count) > room;
  into.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return true;
}

// What is written to a program and read of it, until its end.
class Conversation {
 public:
  Conversation(pid_t pid, Fd pidfd, Fd in, Fd out, Fd err, const CommandOptions& options)
      : m_pid(pid),
        m_pidfd(std::move(pidfd)),
        m_in(std::move(in)),
        m_out(std::move(out)),
        m_err(std::move(err)),
        m_options(options),
        m_input(options.input),
        m_deadline(Clock::now() + options.timeout) {
    ::fcntl(m_in.get(), F_SETFL, O_NONBLOCK);
    if (m_input.empty()) {
      m_in.reset();
    }
  }

  CommandResult hold() {
    const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
    while ((!m_ended || m_out.valid() || m_err.valid()) && wait_and_serve()) {
    }
    ::signal(SIGPIPE, old_handler);
    reap();
    return std::move(m_result);
  }

 private:
  // False where nothing more is waited for: the time is over, or somebody asked for the end.
  bool wait_and_serve() {
    std::array<pollfd, 4> fds{pollfd{m_ended ? -1 : m_pidfd.get(), POLLIN, 0},
                              pollfd{m_out.get(), POLLIN, 0}, pollfd{m_err.get(), POLLIN, 0},
                              pollfd{m_in.get(), POLLOUT, 0}};
    const auto& cancelled = m_options.cancelled;
    const int wait = remaining_ms(m_deadline);
    const int ready = ::poll(fds.data(), fds.size(), cancelled ? std::min(wait, k_look_ms) : wait);
    m_result.cancelled = !m_ended && cancelled && cancelled();
    if (m_result.cancelled || (ready == 0 && Clock::now() >= m_deadline)) {
      give_up();
      return false;
    }
    if (fds[1].revents != 0) {
      hear(m_out, m_result.out);
    }
    if (fds[2].revents != 0) {
      hear(m_err, m_result.err);
    }
    if (fds[3].revents != 0) {
      say();
    }
    if (!m_ended && fds[0].revents != 0) {
      m_ended = true;
      // A grandchild may hold the streams open after the program's end, so they are read for a
      // little while longer only.
      m_deadline = std::min(m_deadline, Clock::now() + k_after_the_end);
    }
    return true;
  }

  void hear(Fd& stream, std::string& into) {
    if (!drain(stream.get(), into, m_options.output_limit, m_result.truncated)) {
      stream.reset();
    }
  }

  void say() {
    const auto written = ::write(m_in.get(), m_input.data(), m_input.size());
    if (written > 0) {
      m_input.remove_prefix(static_cast<std::size_t>(written));
    }
    if (m_input.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
      m_in.reset();
    }
  }

  void give_up() {
    if (m_ended) {
      return;
    }
    m_result.timed_out = !m_result.cancelled;
    ::kill(-m_pid, SIGKILL);
    ::kill(m_pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED | WNOWAIT);
  }

  void reap() {
    int status = 0;
    rusage usage{};
    while (::wait4(m_pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    commands_cpu += cpu_us(usage);
    if (WIFEXITED(status)) {
      m_result.exit_code = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
      m_result.signal = WTERMSIG(status);
    }
  }

  pid_t m_pid;
  Fd m_pidfd;
  Fd m_in;
  Fd m_out;
  Fd m_err;
  const CommandOptions& m_options;
  std::string_view m_input;
  Clock::time_point m_deadline;
  bool m_ended = false;
  CommandResult m_result;
};

}  // namespace

std::int64_t commands_cpu_us() {
  return commands_cpu;
}

std::vector<std::string> fixed_environment() {
  return {fmt::format("PATH={}", k_system_path), "HOME=/root", "LANG=C"};
}

std::filesystem::path find_program(std::string_view name) {
  for (const auto& folder : split(k_system_path, ':')) {
    auto path = std::filesystem::path(folder) / name;
    if (::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return {};
}

Expected<CommandResult> run_program(const std::vector<std::string>& argv,
                                    const CommandOptions& options) {
  TRY_ASSIGN(auto in, make_pipe());
  TRY_ASSIGN(auto out, make_pipe());
  TRY_ASSIGN(auto err, make_pipe());
  const auto environment = options.environment.empty() ? fixed_environment() : options.environment;
  const auto start = [&] {
    return spawn(argv, environment, options.working_directory, in.read.get(), out.write.get(),
                 err.write.get());
  };
  TRY_ASSIGN(const auto network, Network::of(options.network));
  TRY_ASSIGN(const auto pid,
             options.foreign ? spawn_apart([&] { return network.run(start); }) : start());
  in.read.reset();
  out.write.reset();
  err.write.reset();
  TRY_ASSIGN(auto pidfd, open_pidfd(pid));
  return Conversation(pid, std::move(pidfd), std::move(in.write), std::move(out.read),
                      std::move(err.read), options)
      .hold();
}

Expected<BackgroundProcess> BackgroundProcess::start(const std::vector<std::string>& argv,
                                                     const std::vector<std::string>& environment,
                                                     const std::filesystem::path& log,
                                                     const std::filesystem::path& network) {
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!null || !output) {
    return system_error(fmt::format("cannot open {}", log.string()));
  }
  TRY_ASSIGN(const auto where, Network::of(network));
  const auto start_it = [&] {
    return spawn(argv, environment, {}, null.get(), output.get(), output.get());
  };
  BackgroundProcess process;
  TRY_ASSIGN(process.m_pid, spawn_apart([&] { return where.run(start_it); }));
  TRY_ASSIGN(process.m_pidfd, open_pidfd(process.m_pid));
  return process;
}

BackgroundProcess::BackgroundProcess(BackgroundProcess&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)),
      m_pidfd(std::move(other.m_pidfd)),
      m_status(other.m_status) {}

BackgroundProcess& BackgroundProcess::operator=(BackgroundProcess&& other) noexcept {
  std::swap(m_pid, other.m_pid);
  std::swap(m_pidfd, other.m_pidfd);
  std::swap(m_status, other.m_status);
  return *this;
}

BackgroundProcess::~BackgroundProcess() {
  if (m_pid > 0) {
    ::kill(m_pid, SIGKILL);
    int status = 0;
    while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
}

bool BackgroundProcess::running() const {
  pollfd fd{m_pidfd.get(), POLLIN, 0};
  return m_pid > 0 && ::poll(&fd, 1, 0) == 0;
}

void BackgroundProcess::signal(int number) const {
  if (m_pid > 0) {
    ::kill(m_pid, number);
  }
}

bool BackgroundProcess::wait(std::chrono::milliseconds timeout) {
  if (m_pid <= 0) {
    return true;
  }
  const auto deadline = Clock::now() + timeout;
  pollfd fd{m_pidfd.get(), POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&fd, 1, remaining_ms(deadline));
    if (ready > 0) {
      break;
    }
    if (ready == 0 && Clock::now() >= deadline) {
      return false;
    }
  }
  while (::waitpid(m_pid, &m_status, 0) < 0 && errno == EINTR) {
  }
  m_pid = -1;
  m_pidfd.reset();
  return true;
}

std::string BackgroundProcess::ending() const {
  return WIFSIGNALED(m_status) ? fmt::format("signal {}", WTERMSIG(m_status))
                               : fmt::format("status {}", WEXITSTATUS(m_status));
}

}  // namespace cni_matrix
