// What a node may use up.

#include "tools.hpp"

#include <cerrno>

#include <sys/resource.h>
#include <sys/statvfs.h>

namespace hostile {
namespace {

constexpr unsigned long long k_most_bytes = 1ULL << 30U;  // a node's root has 512 MiB

Outcome lift(__rlimit_resource resource) {
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  const int result = ::setrlimit(resource, &none);
  const int error = errno;
  rlimit now{};
  ::getrlimit(resource, &now);
  if (now.rlim_cur == RLIM_INFINITY) {
    return reached("no limit");
  }
  return refused(result == 0 ? 0 : error, std::to_string(now.rlim_cur));
}

Outcome lift_processes(const Target&) {
  return lift(RLIMIT_NPROC);
}

Outcome lift_addresses(const Target&) {
  return lift(RLIMIT_AS);
}

Outcome lower_oom_score(const Target&) {
  return write_back("/proc/self/oom_score_adj", "-1");
}

Outcome room_of(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) {
    return refused(errno, path);
  }
  const auto bytes = static_cast<unsigned long long>(status.f_blocks) * status.f_frsize;
  auto detail = path + " has " + std::to_string(bytes >> 20U) + " MiB";
  return bytes == 0 || bytes > k_most_bytes ? reached(detail) : refused(0, detail);
}

Outcome room_of_root(const Target&) {
  return room_of("/");
}

Outcome room_of_temporary(const Target&) {
  return room_of("/tmp");
}

Outcome room_of_shared(const Target&) {
  return room_of("/dev/shm");
}

}  // namespace

std::vector<Attempt> attempts_on_limits() {
  constexpr auto k_area = "limits";
  return {{k_area, "lift RLIMIT_NPROC", lift_processes},
          {k_area, "lift RLIMIT_AS", lift_addresses},
          {k_area, "lower oom_score_adj", lower_oom_score},
          {k_area, "more than 1 GiB in /", room_of_root},
          {k_area, "more than 1 GiB in /tmp", room_of_temporary},
          {k_area, "more than 1 GiB in /dev/shm", room_of_shared}};
}

}  // namespace hostile
