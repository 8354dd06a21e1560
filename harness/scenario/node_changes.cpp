#include "node_changes.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>

#include <net/if.h>
#include <sys/mount.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace fs = std::filesystem;

Expected<void> damage_cache(const std::string& how) {
  std::error_code error;
  std::size_t damaged = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(layout::k_cni_state) / "results", error)) {
    if (entry.path().filename().string().starts_with("cni-loopback-")) {
      continue;
    }
    ++damaged;
    if (how == "delete") {
      fs::remove(entry.path(), error);
    } else {
      TRY(write_file(entry.path(), how == "garbage" ? "{\"kind\": \"cniCa" : ""));
    }
  }
  if (error || damaged == 0) {
    return unavailable("there is no cached result to damage");
  }
  return {};
}

Expected<void> refuse_create() {
  return write_file(layout::k_refuse_create, "");
}

Expected<bool> add_link(const std::string& name) {
  if (::if_nametoindex(name.c_str()) != 0) {
    return false;
  }
  TRY_ASSIGN(const auto added, run_program({"ip", "link", "add", "name", name, "type", "veth",
                                            "peer", "name", name + "-far"}));
  if (!added.ok()) {
    return broken("cannot add the link {}: {}", name, trim(added.err));
  }
  for (const auto& end : {name, name + "-far"}) {
    TRY_ASSIGN(const auto up, run_program({"ip", "link", "set", "dev", end, "up"}));
    if (!up.ok()) {
      return broken("cannot set the link {} up: {}", end, trim(up.err));
    }
  }
  return true;
}

Expected<void> delete_link(const std::string& name) {
  if (::if_nametoindex(name.c_str()) == 0) {
    return {};  // no plugin came so far as to make it
  }
  TRY_ASSIGN(const auto deleted, run_program({"ip", "link", "delete", "dev", name}));
  if (!deleted.ok()) {
    return broken("cannot delete the link {}: {}", name, trim(deleted.err));
  }
  return {};
}

Expected<void> delete_netns(const fs::path& path) {
  if (::umount2(path.c_str(), MNT_DETACH) != 0 || ::unlink(path.c_str()) != 0) {
    return system_error(fmt::format("cannot remove {}", path.string()));
  }
  return {};
}

}  // namespace cni_matrix::scenario
