#include "catalog.hpp"

#include <sys/utsname.h>

namespace cni_matrix::artifacts {

std::string host_architecture() {
  utsname names{};
  if (::uname(&names) != 0) {
    return "unknown";
  }
  const std::string_view machine = names.machine;
  if (machine == "x86_64") {
    return "amd64";
  }
  if (machine == "aarch64") {
    return "arm64";
  }
  return std::string(machine);
}

}  // namespace cni_matrix::artifacts
