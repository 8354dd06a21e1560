// A filter of system calls has to hold at each door of the kernel: 32-bit calls and x32 have
// numbers of their own, and socketcall(2) has its arguments where no filter can look.

#include "tools.hpp"

#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostile {
namespace {

#if defined(__x86_64__)

constexpr long k_socket_32 = 359;
constexpr long k_socketcall_32 = 102;
constexpr long k_x32 = 0x40000000;

// With 32-bit numbers and arguments; a negative errno.
long call_32(long number, long first, long second, long third) {
  long result = number;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(first), "c"(second), "d"(third)
               : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

Outcome judge_32(long result) {
  if (result == -ENOSYS) {
    return not_applicable("the kernel has no 32-bit calls");
  }
  return result < 0 ? refused(static_cast<int>(-result)) : reached();
}

// Where the kernel has no 32-bit calls, the instruction ends the child with SIGSEGV.
Outcome socket_32(const Target&) {
  return judge_32(call_32(k_socket_32, AF_VSOCK, SOCK_STREAM, 0));
}

Outcome socketcall_32(const Target&) {
  constexpr std::size_t k_page = 4096;
  constexpr long k_make_socket = 1;  // socketcall(2)
  void* page = ::mmap(nullptr, k_page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (page == MAP_FAILED) {
    return not_applicable("no memory below 4 GiB");
  }
  auto* arguments = static_cast<int*>(page);
  arguments[0] = AF_VSOCK;
  arguments[1] = SOCK_STREAM;
  arguments[2] = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the kernel's interface
  return judge_32(call_32(k_socketcall_32, k_make_socket, reinterpret_cast<long>(page), 0));
}

Outcome socket_x32(const Target&) {
  const long result = ::syscall(k_x32 | SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
  if (result < 0 && errno == ENOSYS) {
    return not_applicable("the kernel has no x32");
  }
  return judge(result);
}

#else

Outcome socket_32(const Target&) {
  return not_applicable("only on amd64");
}

Outcome socketcall_32(const Target&) {
  return not_applicable("only on amd64");
}

Outcome socket_x32(const Target&) {
  return not_applicable("only on amd64");
}

#endif

}  // namespace

std::vector<Attempt> attempts_by_other_entries() {
  constexpr auto k_area = "other entries";
  return {{k_area, "a vsock socket by a 32-bit call", socket_32},
          {k_area, "a vsock socket by 32-bit socketcall", socketcall_32},
          {k_area, "a vsock socket by an x32 call", socket_x32}};
}

}  // namespace hostile
