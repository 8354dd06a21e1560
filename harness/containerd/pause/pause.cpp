// The program of the pause image: it holds a pod's namespaces. It uses no library at all, so that
// the image is one file of about a kilobyte and the same on every machine.
//
// All signals are blocked and taken with rt_sigtimedwait: as PID 1 of the pod it would never see an
// unblocked one that it has no handler for (pid_namespaces(7)), and a handler would need a
// trampoline.
namespace {

constexpr long k_sig_block = 0;
constexpr int k_sigint = 2;
constexpr int k_sigterm = 15;
constexpr int k_sigchld = 17;
constexpr long k_wnohang = 1;
constexpr unsigned long k_all_signals = ~0UL;

#if defined(__x86_64__)
constexpr long k_sys_rt_sigprocmask = 14;
constexpr long k_sys_wait4 = 61;
constexpr long k_sys_rt_sigtimedwait = 128;
constexpr long k_sys_exit_group = 231;

long system_call(long number, long a, long b, long c, long d) {
  long result = 0;
  register long r10 asm("r10") = d;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
               : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
constexpr long k_sys_rt_sigprocmask = 135;
constexpr long k_sys_wait4 = 260;
constexpr long k_sys_rt_sigtimedwait = 137;
constexpr long k_sys_exit_group = 94;

long system_call(long number, long a, long b, long c, long d) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "pause: amd64 and arm64 only"
#endif

void reap_children() {
  while (system_call(k_sys_wait4, -1, 0, k_wnohang, 0) > 0) {
  }
}

}  // namespace

// The kernel enters here with the stack aligned for a call that did not happen; nothing below uses
// vector registers, so that does not matter.
extern "C" [[noreturn]] void _start() {
  const long mask = reinterpret_cast<long>(&k_all_signals);
  system_call(k_sys_rt_sigprocmask, k_sig_block, mask, 0, sizeof(k_all_signals));
  for (;;) {
    const long signal = system_call(k_sys_rt_sigtimedwait, mask, 0, 0, sizeof(k_all_signals));
    if (signal == k_sigchld) {
      reap_children();
    } else if (signal == k_sigint || signal == k_sigterm) {
      system_call(k_sys_exit_group, 0, 0, 0, 0);
    }
  }
}
