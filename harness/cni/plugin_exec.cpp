#include "plugin_exec.hpp"

#include "base/apart.hpp"
#include "go/file.hpp"
#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::cni {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Fd read_end;
  Fd write_end;
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return false;
  }
  pipe.read_end.reset(ends[0]);
  pipe.write_end.reset(ends[1]);
  return true;
}

// A memory file instead of a pipe: nothing to feed, and no SIGPIPE from a plugin that does not
// read.
Fd input_file(std::string_view input) {
  Fd fd(::memfd_create("cni-stdin", MFD_CLOEXEC));
  while (fd && !input.empty()) {
    const ssize_t count = ::write(fd.get(), input.data(), input.size());
    if (count < 0) {
      return Fd();
    }
    input.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fd && ::lseek(fd.get(), 0, SEEK_SET) != 0) {
    return Fd();
  }
  return fd;
}

struct ChildSetup {
  const char* path;
  char* const* argv;
  char* const* envp;
  int in;
  int out;
  int err;
};

// What happens between vfork and exec: our memory is the parent's, so only system calls.
[[noreturn]] void become_plugin(const ChildSetup& setup, volatile int& error) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::dup2(setup.in, STDIN_FILENO) >= 0 && ::dup2(setup.out, STDOUT_FILENO) >= 0 &&
      ::dup2(setup.err, STDERR_FILENO) >= 0) {
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(setup.path, setup.argv, setup.envp);
  }
  error = errno;
  ::_exit(127);
}

// The child's pid, or -1 with errno's number in `error`.
[[gnu::noinline]] pid_t spawn(const ChildSetup& setup, volatile int& error) {
  // No handler of ours may run in the child while it shares our memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    become_plugin(setup, error);
  }
  if (pid < 0) {
    error = errno;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

// False at the end of the stream.
bool drain(const Fd& fd, std::string& text) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count < 0) {
    return errno == EINTR || errno == EAGAIN;
  }
  text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

int time_left(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000'000));
}

void collect(pid_t pid, Pipe& out, Pipe& err, Clock::time_point deadline, PluginRun& run) {
  bool killed = false;
  while (out.read_end || err.read_end) {
    std::array<pollfd, 2> fds = {pollfd{out.read_end.get(), POLLIN, 0},
                                 pollfd{err.read_end.get(), POLLIN, 0}};
    const int ready = ::poll(fds.data(), fds.size(), killed ? -1 : time_left(deadline));
    if (ready == 0) {
      ::kill(pid, SIGKILL);
      killed = true;
      continue;
    }
    if (ready < 0) {
      continue;
    }
    if (fds[0].revents != 0 && !drain(out.read_end, run.out)) {
      out.read_end.reset();
    }
    if (fds[1].revents != 0 && !drain(err.read_end, run.err)) {
      err.read_end.reset();
    }
  }
}

// syscall.Signal.String().
std::string signal_name(int number) {
  switch (number) {
    case SIGHUP:
      return "hangup";
    case SIGINT:
      return "interrupt";
    case SIGQUIT:
      return "quit";
    case SIGILL:
      return "illegal instruction";
    case SIGTRAP:
      return "trace/breakpoint trap";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGKILL:
      return "killed";
    case SIGUSR1:
      return "user defined signal 1";
    case SIGSEGV:
      return "segmentation fault";
    case SIGUSR2:
      return "user defined signal 2";
    case SIGPIPE:
      return "broken pipe";
    case SIGALRM:
      return "alarm clock";
    case SIGTERM:
      return "terminated";
    default:
      return fmt::format("signal {}", number);
  }
}

// os.ProcessState.String(); the signal of a plugin is known only now.
std::optional<std::string> failure_of(int status) {
  if (WIFEXITED(status)) {
    return WEXITSTATUS(status) == 0
               ? std::nullopt
               : std::optional(fmt::format("exit status {}", WEXITSTATUS(status)));
  }
  return fmt::format("signal: {}{}", signal_name(WTERMSIG(status)),
                     WCOREDUMP(status) ? " (core dumped)" : "");
}

}  // namespace

PluginRun run_plugin(const std::filesystem::path& plugin, std::string_view input,
                     const std::vector<std::string>& environment, Clock::time_point deadline) {
  PluginRun run;
  const auto cannot_start = [&](int number) {
    run.failure = fmt::format("fork/exec {}: {}", plugin.string(), go::error_text(number));
    return run;
  };
  if (deadline != Clock::time_point::max() && Clock::now() >= deadline) {
    run.failure = "context deadline exceeded";
    return run;
  }
  Pipe out;
  Pipe err;
  const Fd in = input_file(input);
  if (!in || !open_pipe(out) || !open_pipe(err)) {
    return cannot_start(errno);
  }

  std::string name = plugin.string();
  std::vector<std::string> variables = environment;
  std::vector<char*> envp;
  envp.reserve(variables.size() + 1);
  for (auto& variable : variables) {
    envp.push_back(variable.data());
  }
  envp.push_back(nullptr);
  std::array<char*, 2> argv = {name.data(), nullptr};

  volatile int error = 0;
  pid_t pid = -1;
  run_apart([&] {
    pid = spawn({name.c_str(), argv.data(), envp.data(), in.get(), out.write_end.get(),
                 err.write_end.get()},
                error);
  });
  if (pid < 0) {
    return cannot_start(error);
  }
  out.write_end.reset();
  err.write_end.reset();
  collect(pid, out, err, deadline, run);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (error != 0) {
    return cannot_start(error);
  }
  run.failure = failure_of(status);
  run.exited = run.failure.has_value();
  return run;
}

}  // namespace cni_matrix::cni
