#include "iptables_backend.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/process.hpp>

#include <filesystem>
#include <system_error>

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace {

namespace fs = std::filesystem;

// What tells the inventory, and iptables-legacy-save, which tables there are. In a user namespace
// it belongs to the host's root: the network namespace is older than the map of user ids.
constexpr const char* k_legacy_tables = "/proc/net/ip_tables_names";
constexpr const char* k_first_in_path = "/usr/local/sbin";  // k_system_path

// Ours already?
bool is_tmpfs(const char* directory) {
  struct statfs status {};
  return ::statfs(directory, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

}  // namespace

Expected<void> use_iptables(const std::string& backend) {
  // A mount over the first directory of PATH: the host's own files are read-only here, and shared.
  if (!is_tmpfs(k_first_in_path) &&
      ::mount("tmpfs", k_first_in_path, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") != 0) {
    return system_error(fmt::format("cannot mount on {}", k_first_in_path));
  }
  for (const std::string family : {"iptables", "ip6tables"}) {
    for (const std::string tool : {"", "-save", "-restore"}) {
      const auto name = fmt::format("{}-{}{}", family, backend, tool);
      const auto program = find_program(name);
      if (program.empty()) {
        return unavailable("{} is missing: this machine has not both backends of iptables", name);
      }
      const auto link = fs::path(k_first_in_path) / (family + tool);
      std::error_code error;
      fs::remove(link, error);
      fs::create_symlink(program, link, error);
      if (error) {
        return broken("cannot make {}: {}", link.string(), error.message());
      }
    }
    TRY_ASSIGN(const auto listed, run_program({family, "-t", "nat", "-S"}));
    if (!listed.ok()) {
      return unavailable("{} of the backend {} does not work here: {}", family, backend,
                         trim(listed.err));
    }
  }
  if (backend == "legacy" && ::access(k_legacy_tables, R_OK) != 0) {
    return unavailable(
        "what iptables-legacy has left could not be seen here: {} cannot be read; run this as root",
        k_legacy_tables);
  }
  return {};
}

}  // namespace cni_matrix::scenario
