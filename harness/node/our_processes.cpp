#include "our_processes.hpp"

#include "init_name.hpp"

#include "base/apart.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace cni_matrix::node {

bool is_our_process(pid_t pid) {
  if (pid == 1) {
    return true;
  }
  // The name may be anybody's; number 1 among the foreign programs only the reaper has.
  const auto name = read_file(fmt::format("/proc/{}/comm", pid), 64);
  return name && trim(*name) == k_reaper_name && pid_as_seen_apart(pid).value_or(0) == 1;
}

}  // namespace cni_matrix::node
