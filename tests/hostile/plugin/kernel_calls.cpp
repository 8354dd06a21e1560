// System calls by which the kernel of the host is told something. Where a call checks rights before
// its arguments, the arguments are ones that it refuses.

#include "tools.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <initializer_list>

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

namespace hostile {
namespace {

constexpr const char* k_nothing = "/nonexistent-hostile";

// The arguments cannot be right, so a complaint about them says that the rights were.
Outcome reached_with(long result, std::initializer_list<int> complaints) {
  if (result >= 0) {
    return reached();
  }
  for (const int complaint : complaints) {
    if (errno == complaint) {
      return reached(::strerrorname_np(complaint));
    }
  }
  return errno == ENOSYS ? not_applicable("the kernel has no such call") : refused(errno);
}

Outcome set_clock(const Target&) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return judge(::clock_settime(CLOCK_REALTIME, &now));
}

Outcome set_time_of_day(const Target&) {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  return judge(::settimeofday(&now, nullptr));
}

Outcome load_kernel(const Target&) {
  constexpr unsigned long k_no_such_flags = 0x7ff0;
  return reached_with(::syscall(SYS_kexec_load, 0, 0, nullptr, k_no_such_flags), {EINVAL});
}

Outcome load_module(const Target&) {
  return reached_with(::syscall(SYS_init_module, nullptr, 0, ""), {EFAULT, ENOEXEC, EINVAL});
}

Outcome load_module_file(const Target&) {
  return reached_with(::syscall(SYS_finit_module, -1, "", 0), {EBADF});
}

Outcome unload_module(const Target&) {
  return reached_with(::syscall(SYS_delete_module, "nonexistent_hostile", O_NONBLOCK), {ENOENT});
}

// In a PID namespace that is not the host's, it ends that namespace only (reboot(2)).
Outcome reboot_host(const Target& target) {
  auto outcome = reached_with(::syscall(SYS_reboot, 0, 0, 0, nullptr), {EINVAL});
  if (outcome.kind == Outcome::Kind::reached && !in_host_namespace(target, "pid")) {
    return refused(0, "it would reboot its own PID namespace");
  }
  return outcome;
}

Outcome swap_on(const Target&) {
  return reached_with(::swapon(k_nothing, 0), {ENOENT});
}

Outcome swap_off(const Target&) {
  return reached_with(::swapoff(k_nothing), {ENOENT});
}

Outcome account(const Target&) {
  return reached_with(::acct(k_nothing), {ENOENT});
}

Outcome ports([[maybe_unused]] const Target& target) {
#if defined(__x86_64__)
  return judge(::ioperm(0x80, 1, 1));
#else
  return not_applicable("this architecture has no I/O ports");
#endif
}

Outcome all_ports([[maybe_unused]] const Target& target) {
#if defined(__x86_64__)
  return judge(::iopl(3));
#else
  return not_applicable("this architecture has no I/O ports");
#endif
}

Outcome size_of_log(const Target&) {
  constexpr int k_size_unread = 9;
  return judge(::klogctl(k_size_unread, nullptr, 0));
}

Outcome read_log(const Target&) {
  constexpr int k_read_all = 3;
  std::array<char, 64> text{};
  return judge(::klogctl(k_read_all, text.data(), static_cast<int>(text.size())));
}

Outcome load_bpf(const Target&) {
  const std::array<bpf_insn, 2> program = {
      bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
      bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_TRACEPOINT;
  attributes.insn_cnt = program.size();
  attributes.insns = reinterpret_cast<std::uintptr_t>(program.data());
  attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
  const File fd(
      static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  return judge(fd.get());
}

Outcome list_bpf(const Target&) {
  bpf_attr attributes{};
  return reached_with(::syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attributes, sizeof attributes),
                      {ENOENT});
}

Outcome watch_machine(const Target&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.size = sizeof attributes;
  attributes.disabled = 1;
  const File fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  return judge(fd.get());
}

Outcome watch_files(const Target&) {
  const File fd(::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY));
  return judge(fd.get());
}

Outcome make_ring(const Target&) {
  io_uring_params parameters{};
  const File fd(static_cast<int>(::syscall(SYS_io_uring_setup, 1, &parameters)));
  return fd.valid() || errno != ENOSYS ? judge(fd.get())
                                       : not_applicable("the kernel has no such call");
}

Outcome catch_faults(const Target&) {
  const File fd(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC)));
  return fd.valid() || errno != ENOSYS ? judge(fd.get())
                                       : not_applicable("the kernel has no such call");
}

Outcome talk_to_hypervisor(const Target&) {
  const File fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return judge(fd.get());
}

Outcome run_before_all(const Target&) {
  const sched_param first{1};
  auto outcome = judge(::sched_setscheduler(0, SCHED_FIFO, &first));
  const sched_param usual{0};
  ::sched_setscheduler(0, SCHED_OTHER, &usual);
  return outcome;
}

}  // namespace

std::vector<Attempt> attempts_on_kernel_calls() {
  constexpr auto k_area = "kernel calls";
  return {{k_area, "clock_settime to the present time", set_clock},
          {k_area, "settimeofday to the present time", set_time_of_day},
          {k_area, "kexec_load with flags that are none", load_kernel},
          {k_area, "init_module of nothing", load_module},
          {k_area, "finit_module of no file", load_module_file},
          {k_area, "delete_module of a name that is none", unload_module},
          {k_area, "reboot with a magic that is none", reboot_host},
          {k_area, "swapon of no file", swap_on},
          {k_area, "swapoff of no file", swap_off},
          {k_area, "acct to no file", account},
          {k_area, "ioperm", ports},
          {k_area, "iopl", all_ports},
          {k_area, "syslog: size of what is unread", size_of_log},
          {k_area, "syslog: read the kernel's log", read_log},
          {k_area, "bpf: load a program", load_bpf},
          {k_area, "bpf: list the host's programs", list_bpf},
          {k_area, "perf_event_open of a whole CPU", watch_machine},
          {k_area, "fanotify_init with permission events", watch_files},
          {k_area, "io_uring_setup", make_ring},
          {k_area, "userfaultfd", catch_faults},
          {k_area, "a vsock socket", talk_to_hypervisor},
          {k_area, "SCHED_FIFO", run_before_all}};
}

}  // namespace hostile
