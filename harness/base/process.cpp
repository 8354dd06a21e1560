#include "apart.hpp"
#include "cpu_time.hpp"
#include "text.hpp"

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

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>

#include <fcntl.h>
#include <poll.h>
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

Expected<CommandResult> run_command(const std::vector<std::string>& argv,
                                    const CommandOptions& options) {
  CNI_MATRIX_TRY_ASSIGN(auto in, make_pipe());
  CNI_MATRIX_TRY_ASSIGN(auto out, make_pipe());
  CNI_MATRIX_TRY_ASSIGN(auto err, make_pipe());
  const auto environment = options.environment.empty() ? fixed_environment() : options.environment;
  const auto start = [&] {
    return spawn(argv, environment, options.working_directory, in.read.get(), out.write.get(),
                 err.write.get());
  };
  CNI_MATRIX_TRY_ASSIGN(const auto pid, options.foreign ? spawn_apart(start) : start());
  in.read.reset();
  out.write.reset();
  err.write.reset();
  CNI_MATRIX_TRY_ASSIGN(const auto pidfd, open_pidfd(pid));
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);

  CommandResult result;
  std::string_view input = options.input;
  if (input.empty()) {
    in.write.reset();
  }
  const auto deadline = Clock::now() + options.timeout;
  bool ended = false;
  // A grandchild may hold the streams open after the program's end, so they are read for a little
  // while longer only.
  auto stream_deadline = deadline;
  const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
  while (!ended || out.read.valid() || err.read.valid()) {
    std::array<pollfd, 4> fds{pollfd{pidfd.get(), static_cast<short>(ended ? 0 : POLLIN), 0},
                              pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0},
                              pollfd{in.write.get(), POLLOUT, 0}};
    if (ended) {
      fds[0].fd = -1;
    }
    const auto limit = ended ? std::min(stream_deadline, deadline) : deadline;
    const int wait = remaining_ms(limit);
    const int ready =
        ::poll(fds.data(), fds.size(), options.cancelled ? std::min(wait, k_look_ms) : wait);
    result.cancelled = !ended && options.cancelled && options.cancelled();
    if (result.cancelled || (ready == 0 && Clock::now() >= limit)) {
      if (!ended) {
        result.timed_out = !result.cancelled;
        ::kill(-pid, SIGKILL);
        ::kill(pid, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
      }
      break;
    }
    if (fds[1].revents != 0 &&
        !drain(out.read.get(), result.out, options.output_limit, result.truncated)) {
      out.read.reset();
    }
    if (fds[2].revents != 0 &&
        !drain(err.read.get(), result.err, options.output_limit, result.truncated)) {
      err.read.reset();
    }
    if (fds[3].revents != 0) {
      const auto written = ::write(in.write.get(), input.data(), input.size());
      if (written > 0) {
        input.remove_prefix(static_cast<std::size_t>(written));
      }
      if (input.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
        in.write.reset();
      }
    }
    if (!ended && fds[0].revents != 0) {
      ended = true;
      stream_deadline = Clock::now() + std::chrono::milliseconds(500);
    }
  }
  ::signal(SIGPIPE, old_handler);
  int status = 0;
  rusage usage{};
  while (::wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  commands_cpu += cpu_us(usage);
  if (WIFEXITED(status)) {
    result.exit_code = WEXITSTATUS(status);
  } else if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  }
  return result;
}

Expected<BackgroundProcess> BackgroundProcess::start(const std::vector<std::string>& argv,
                                                     const std::vector<std::string>& environment,
                                                     const std::filesystem::path& log) {
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!null || !output) {
    return system_error(fmt::format("cannot open {}", log.string()));
  }
  BackgroundProcess process;
  CNI_MATRIX_TRY_ASSIGN(process.m_pid, spawn_apart([&] {
                          return spawn(argv, environment, {}, null.get(), output.get(),
                                       output.get());
                        }));
  CNI_MATRIX_TRY_ASSIGN(process.m_pidfd, open_pidfd(process.m_pid));
  return process;
}

BackgroundProcess::BackgroundProcess(BackgroundProcess&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)), m_pidfd(std::move(other.m_pidfd)) {}

BackgroundProcess& BackgroundProcess::operator=(BackgroundProcess&& other) noexcept {
  std::swap(m_pid, other.m_pid);
  std::swap(m_pidfd, other.m_pidfd);
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
  int status = 0;
  while (::waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {
  }
  m_pid = -1;
  m_pidfd.reset();
  return true;
}

}  // namespace cni_matrix
