#include "caller.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

// The parent of process `pid`, 0 when that cannot be said. See proc(5), /proc/pid/stat: the name in
// parentheses may hold anything, so the fields are counted from the last ')'.
int parent_of(int pid) {
  char text[512];
  std::snprintf(text, sizeof(text), "/proc/%d/stat", pid);
  const Fd file(::open(text, O_RDONLY | O_CLOEXEC));
  if (!file) {
    return 0;
  }
  const ssize_t size = ::read(file.get(), text, sizeof(text) - 1);
  if (size <= 0) {
    return 0;
  }
  text[size] = '\0';
  const char* name_end = std::strrchr(text, ')');
  if (name_end == nullptr || std::strlen(name_end) < 4) {
    return 0;
  }
  return static_cast<int>(std::strtol(name_end + 4, nullptr, 10));  // ") S PPID"
}

}  // namespace

bool called_by_plugin() {
  struct stat self = {};
  if (::stat("/proc/self/exe", &self) != 0) {
    return false;
  }
  // Four levels are usual (plugin, recorder, containerd, init); a script as plugin adds a few.
  int pid = ::getppid();
  for (int level = 0; level < 16 && pid > 1; ++level, pid = parent_of(pid)) {
    char path[64];
    std::snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    struct stat other = {};
    if (::stat(path, &other) == 0 && other.st_dev == self.st_dev && other.st_ino == self.st_ino) {
      return true;
    }
  }
  return false;
}

}  // namespace cni_matrix::recorder
