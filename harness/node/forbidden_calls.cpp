#include "forbidden_calls.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

struct Call {
  const char* name;
  const char* capability;  // capabilities(7); empty where none allows it
};

// Names that an architecture does not have are left out there.
constexpr Call k_calls[] = {
    {"acct", "CAP_SYS_PACCT"},
    {"bpf", "CAP_BPF"},
    {"clock_adjtime", "CAP_SYS_TIME"},
    {"clock_adjtime64", "CAP_SYS_TIME"},
    {"clock_settime", "CAP_SYS_TIME"},
    {"clock_settime64", "CAP_SYS_TIME"},
    {"create_module", "CAP_SYS_MODULE"},
    {"delete_module", "CAP_SYS_MODULE"},
    {"fanotify_init", "CAP_SYS_ADMIN"},
    {"finit_module", "CAP_SYS_MODULE"},
    {"init_module", "CAP_SYS_MODULE"},
    {"io_uring_enter", ""},
    {"io_uring_register", ""},
    {"io_uring_setup", ""},
    {"ioperm", "CAP_SYS_RAWIO"},
    {"iopl", "CAP_SYS_RAWIO"},
    {"kexec_file_load", "CAP_SYS_BOOT"},
    {"kexec_load", "CAP_SYS_BOOT"},
    {"lookup_dcookie", "CAP_SYS_ADMIN"},
    {"nfsservctl", "CAP_SYS_ADMIN"},
    {"open_by_handle_at", "CAP_DAC_READ_SEARCH"},
    {"perf_event_open", "CAP_PERFMON"},
    {"quotactl", "CAP_SYS_ADMIN"},
    {"quotactl_fd", "CAP_SYS_ADMIN"},
    {"reboot", "CAP_SYS_BOOT"},
    {"settimeofday", "CAP_SYS_TIME"},
    {"stime", "CAP_SYS_TIME"},
    {"swapoff", "CAP_SYS_ADMIN"},
    {"swapon", "CAP_SYS_ADMIN"},
    {"syslog", "CAP_SYSLOG"},
    {"uselib", ""},
    {"userfaultfd", "CAP_SYS_PTRACE"},
    {"vhangup", "CAP_SYS_TTY_CONFIG"},
    {"vm86", ""},
    {"vm86old", ""},
};

constexpr std::size_t k_most_remembered = 16;

struct ReleaseFilter {
  void operator()(scmp_filter_ctx filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

// A kind of socket that reaches beyond any network namespace: the hypervisor (vsock(7)).
int forbid_socket(const Filter& filter, int domain) {
  const scmp_arg_cmp condition{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(domain), 0};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_NOTIFY, SCMP_SYS(socket), 1, &condition);
}

// A device's node; the mode is argument `index` (mknod(2)).
int forbid_node(const Filter& filter, int call, unsigned index, mode_t type) {
  const scmp_arg_cmp condition{index, SCMP_CMP_MASKED_EQ, S_IFMT, type};
  return ::seccomp_rule_add_array(filter.get(), SCMP_ACT_NOTIFY, call, 1, &condition);
}

int add_rules(const Filter& filter) {
  for (const auto& call : k_calls) {
    const int number = ::seccomp_syscall_resolve_name(call.name);
    if (number == __NR_SCMP_ERROR) {
      continue;
    }
    if (const int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_NOTIFY, number, 0);
        error != 0 && error != -EDOM) {
      return error;
    }
  }
  for (const mode_t type : {mode_t{S_IFCHR}, mode_t{S_IFBLK}}) {
    for (const auto& [call, index] : {std::pair(SCMP_SYS(mknod), 1U), {SCMP_SYS(mknodat), 2U}}) {
      if (const int error = forbid_node(filter, call, index, type); error != 0 && error != -EDOM) {
        return error;
      }
    }
  }
  return forbid_socket(filter, AF_VSOCK);
}

// A machine runs programs of its older sibling too, with other numbers for calls.
void add_siblings(const Filter& filter) {
  switch (::seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
      static_cast<void>(::seccomp_arch_add(filter.get(), SCMP_ARCH_X86));
      static_cast<void>(::seccomp_arch_add(filter.get(), SCMP_ARCH_X32));
      break;
    case SCMP_ARCH_AARCH64:
      static_cast<void>(::seccomp_arch_add(filter.get(), SCMP_ARCH_ARM));
      break;
    default:
      break;
  }
}

// While it lives, a blocking call ends with EINTR after a while.
class InterruptedSoon {
 public:
  InterruptedSoon() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &m_before);
    const itimerval soon{{0, k_us}, {0, k_us}};
    ::setitimer(ITIMER_REAL, &soon, nullptr);
  }
  InterruptedSoon(const InterruptedSoon&) = delete;
  InterruptedSoon& operator=(const InterruptedSoon&) = delete;
  ~InterruptedSoon() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &m_before, nullptr);
  }

 private:
  static constexpr suseconds_t k_us = 200'000;
  struct sigaction m_before {};
};

Expected<Fd> refuse(int error) {
  return broken("cannot forbid system calls in the node: {}",
                std::strerror(-error));  // NOLINT(concurrency-mt-unsafe): one thread
}

const char* capability_of(std::string_view name) {
  if (name == "mknod" || name == "mknodat") {
    return "CAP_MKNOD";
  }
  const auto* const known = std::find_if(std::begin(k_calls), std::end(k_calls),
                                         [&](const Call& call) { return name == call.name; });
  return known == std::end(k_calls) ? "" : known->capability;
}

int error_of(std::string_view name) {
  if (name == "socket") {
    return EAFNOSUPPORT;
  }
  return name.starts_with("io_uring") ? ENOSYS : EPERM;
}

std::string name_of_call(const seccomp_data& data) {
  const std::unique_ptr<char, void (*)(void*)> name(
      ::seccomp_syscall_resolve_num_arch(data.arch, data.nr), ::free);
  return name ? name.get() : fmt::format("system call {}", data.nr);
}

std::string command_of(int proc, std::uint32_t pid) {
  const Fd file(::openat(proc, fmt::format("{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const auto size = file ? ::read(file.get(), text.data(), text.size()) : 0;
  return size > 0 ? printable(trim(std::string_view(text.data(), static_cast<std::size_t>(size))))
                  : std::string("a process");
}

}  // namespace

Expected<Fd> forbid_calls() {
  const Filter filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) {
    return refuse(-ENOMEM);
  }
  add_siblings(filter);
  // Whoever may do this needs no promise to gain no privileges, and some programs would fail by it.
  static_cast<void>(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0));
  // A search tree: containerd makes a lot of calls, and all but these few are let through.
  static_cast<void>(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  if (const int error = add_rules(filter); error != 0) {
    return refuse(error);
  }
  if (const int error = ::seccomp_load(filter.get()); error != 0) {
    return refuse(error);
  }
  Fd listener(::seccomp_notify_fd(filter.get()));
  if (!listener) {
    return refuse(-EBADF);
  }
  ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
  return listener;
}

void DeniedCalls::answer() {
  seccomp_notif* request = nullptr;
  seccomp_notif_resp* response = nullptr;
  if (::seccomp_notify_alloc(&request, &response) != 0) {
    return;
  }
  // A caller that dies just now would leave us waiting for the next one.
  const InterruptedSoon limit;
  if (::seccomp_notify_receive(m_listener, request) == 0) {
    const auto name = name_of_call(request->data);
    const std::string capability = capability_of(name);
    if (m_seen.size() < k_most_remembered) {
      m_seen.insert(
          fmt::format("{}{} by {}", name == "socket" ? "socket of AF_VSOCK" : name,
                      capability.empty() ? std::string() : fmt::format(" ({})", capability),
                      command_of(m_proc, request->pid)));
    }
    response->id = request->id;
    response->error = -error_of(name);
    static_cast<void>(::seccomp_notify_respond(m_listener, response));
  }
  ::seccomp_notify_free(request, response);
}

}  // namespace cni_matrix::node
