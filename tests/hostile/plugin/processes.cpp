// Processes of the host and of ours. For the plain process a test starts some that are named as
// ours are.

#include "tools.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace hostile {
namespace {

constexpr const char* k_worker = "cni-matrix-work";
constexpr const char* k_init = "cni-matrix-init";

template <typename Function>
Outcome at(const Target& target, const char* name, const Function& function) {
  const pid_t pid = process_named(name, target);
  return pid == 0 ? refused(ESRCH, std::string("no process ") + name + " is seen") : function(pid);
}

Outcome signal_worker(const Target& target) {
  return at(target, k_worker, [](pid_t pid) { return judge(::kill(pid, 0)); });
}

Outcome signal_init(const Target& target) {
  return at(target, k_init, [](pid_t pid) { return judge(::kill(pid, 0)); });
}

Outcome see_host(const Target& target) {
  return at(target, "hostile-decoy", [](pid_t) { return reached(); });
}

Outcome seize(pid_t pid) {
  auto outcome = judge(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr));
  if (outcome.kind == Outcome::Kind::reached) {
    ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  }
  return outcome;
}

Outcome trace_worker(const Target& target) {
  return at(target, k_worker, seize);
}

Outcome trace_init(const Target& target) {
  return at(target, k_init, seize);
}

Outcome trace_any_first(const Target& target) {
  if (!in_host_namespace(target, "pid")) {
    return refused(0, "1 is the first process of its own PID namespace");
  }
  return open_and_close("/proc/1/mem", O_RDONLY);
}

Outcome memory_of_worker(const Target& target) {
  return at(target, k_worker,
            [](pid_t pid) { return open_and_close(proc_path(pid, "mem"), O_RDWR); });
}

Outcome read_worker(const Target& target) {
  return at(target, k_worker, [](pid_t pid) {
    // An address that is mapped: the first of its /proc/N/maps.
    const auto maps = read_text(proc_path(pid, "maps"));
    if (maps.empty()) {
      return refused(EACCES, "its maps");
    }
    std::array<char, 8> bytes{};
    const iovec local{bytes.data(), bytes.size()};
    // NOLINTNEXTLINE: an address of another process
    const iovec remote{reinterpret_cast<void*>(std::stoull(maps, nullptr, 16)), bytes.size()};
    return judge(::process_vm_readv(pid, &local, 1, &remote, 1, 0));
  });
}

Outcome pipe_of_worker(const Target& target) {
  return at(target, k_worker, [](pid_t pid) {
    const auto folder = proc_path(pid, "fd");
    Outcome outcome = refused(EACCES, folder);
    for (const auto& name : names_in(folder)) {
      const auto path = proc_path(pid, "fd/" + name);
      if (link_target(path).starts_with("pipe:")) {
        outcome = open_and_close(path, O_WRONLY | O_NONBLOCK);
        if (outcome.kind == Outcome::Kind::reached) {
          break;
        }
      }
    }
    return outcome;
  });
}

Outcome descriptor_of_worker(const Target& target) {
  return at(target, k_worker, [](pid_t pid) {
    const File process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.valid()) {
      return refused(errno);
    }
    const File taken(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), 0, 0)));
    return judge(taken.get());
  });
}

Outcome secret_in(const Target& target, const std::string& name) {
  int error = ENOENT;
  for (const auto pid : processes()) {
    const auto path = proc_path(pid, name);
    const File file(path, O_RDONLY);
    if (!file.valid()) {
      error = errno;
      continue;
    }
    if (read_text(path).find(target.secret) != std::string::npos) {
      return reached(path);
    }
  }
  return refused(error, "no process that is seen has it");
}

Outcome secret_in_environment(const Target& target) {
  return secret_in(target, "environ");
}

Outcome secret_in_arguments(const Target& target) {
  return secret_in(target, "cmdline");
}

// A link in /proc leads to the file itself, past every mount. What runs in a node and is not ours
// is named otherwise.
Outcome executable_of_ours(const Target&) {
  int error = ENOENT;
  for (const auto pid : processes()) {
    const auto path = proc_path(pid, "exe");
    const File file(path, O_RDONLY);
    const auto name =
        file.valid() ? link_target("/proc/self/fd/" + std::to_string(file.get())) : "";
    if (!file.valid()) {
      error = errno;
    } else if (name.ends_with("/cni-matrix") || name.ends_with("/host/program")) {
      return reached(path);
    }
  }
  return refused(error, "no such executable is seen");
}

// What whoever started us did not close.
Outcome left_open(const Target&) {
  constexpr int k_most = 1024;
  for (int fd = STDERR_FILENO + 1; fd < k_most; ++fd) {
    if (fd != answer_descriptor() && ::fcntl(fd, F_GETFD) >= 0) {
      return reached(link_target("/proc/self/fd/" + std::to_string(fd)));
    }
  }
  return refused(EBADF);
}

}  // namespace

std::vector<Attempt> attempts_on_processes() {
  constexpr auto k_area = "processes";
  return {{k_area, "see a process of the host", see_host},
          {k_area, "signal 0 to the worker", signal_worker},
          {k_area, "signal 0 to the node's init", signal_init},
          {k_area, "ptrace the worker", trace_worker},
          {k_area, "ptrace the node's init", trace_init},
          {k_area, "open the memory of the host's first process", trace_any_first},
          {k_area, "open the worker's memory for writing", memory_of_worker},
          {k_area, "process_vm_readv of the worker", read_worker},
          {k_area, "open the worker's pipe for writing", pipe_of_worker},
          {k_area, "pidfd_getfd of the worker", descriptor_of_worker},
          {k_area, "open the harness's executable (/proc/*/exe)", executable_of_ours},
          {k_area, "a descriptor that was left open", left_open},
          {k_area, "a secret in /proc/*/environ", secret_in_environment},
          {k_area, "a secret in /proc/*/cmdline", secret_in_arguments}};
}

}  // namespace hostile
