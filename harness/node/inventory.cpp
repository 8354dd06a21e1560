#include "network_state.hpp"
#include "our_processes.hpp"
#include "packet_rules.hpp"
#include "state_on_disk.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/node/inventory.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace fs = std::filesystem;

std::set<LeakClass> classes_of(const Inventory& inventory) {
  std::set<LeakClass> result;
  for (const auto leak : k_leak_classes) {
    if (!inventory.of(leak).empty()) {
      result.insert(leak);
    }
  }
  return result;
}

Inventory difference(const Inventory& before, const Inventory& after) {
  Inventory added;
  for (const auto leak : k_leak_classes) {
    auto rest = before.of(leak);
    for (const auto& entry : after.of(leak)) {
      // Equal rules may stand twice: each one of before takes away one of after.
      if (const auto found = std::find(rest.begin(), rest.end(), entry); found != rest.end()) {
        rest.erase(found);
      } else {
        added.add(leak, entry);
        if (const auto owner = after.owners.find(entry); owner != after.owners.end()) {
          added.owners.insert(*owner);
        }
      }
    }
  }
  return added;
}

Json to_json(const Inventory& inventory) {
  Json value = Json::object();
  for (const auto leak : k_leak_classes) {
    if (!inventory.of(leak).empty()) {
      value[std::string(name_of(leak))] = inventory.of(leak);
    }
  }
  if (!inventory.owners.empty()) {
    value["owners"] = inventory.owners;
  }
  return value;
}

Expected<Inventory> inventory_from_json(const Json& value) {
  Inventory inventory;
  if (!value.is_object()) {
    return input_error("an inventory is an object of lists");
  }
  for (const auto leak : k_leak_classes) {
    const auto found = value.find(name_of(leak));
    if (found == value.end()) {
      continue;
    }
    if (!found->is_array()) {
      return input_error("an inventory's \"{}\" is a list of texts", name_of(leak));
    }
    for (const auto& entry : *found) {
      if (!entry.is_string()) {
        return input_error("an inventory's \"{}\" is a list of texts", name_of(leak));
      }
      inventory.add(leak, entry.get<std::string>());
    }
  }
  if (const auto owners = value.find("owners"); owners != value.end() && owners->is_object()) {
    for (const auto& [entry, owner] : owners->items()) {
      if (owner.is_string()) {
        inventory.owners[entry] = owner.get<std::string>();
      }
    }
  }
  return inventory;
}

namespace {

bool is_namespace(const fs::path& file) {
  struct statfs status {};
  return ::statfs(file.c_str(), &status) == 0 && status.f_type == NSFS_MAGIC;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

constexpr std::array<std::string_view, 3> k_kernels = {"/proc", "/sys", "/dev"};

// host-local's own files beside the leases (plugins/ipam/host-local/backend/disk).
bool is_lease(const fs::path& file) {
  const auto name = file.filename().string();
  return name != "lock" && !name.starts_with("last_reserved_ip");
}

// The first line of a lease is the container that holds it (backend/disk Reserve).
std::string holder_of(const fs::path& lease) {
  const auto text = read_file(lease, 4096);
  return text ? printable(trim(std::string_view(*text).substr(0, text->find('\n'))))
              : std::string();
}

// A folder for each network, and in it a file for each address.
void list_leases(const fs::path& root, Inventory& inventory) {
  for (const auto& network : files_in(root)) {
    for (const auto& file : files_in(network)) {
      std::error_code error;
      if (!is_lease(file) || !fs::is_regular_file(fs::symlink_status(file, error))) {
        continue;
      }
      inventory.add(LeakClass::lease, file.string());
      if (auto holder = holder_of(file); !holder.empty()) {
        inventory.owners[file.string()] = std::move(holder);
      }
    }
  }
}

// A configuration may name any directory.
bool may_hold_leases(const std::string& root) {
  return root.starts_with('/') && root != "/" &&
         std::none_of(std::begin(k_kernels), std::end(k_kernels), [&root](std::string_view folder) {
           return root == folder || root.starts_with(std::string(folder) + "/");
         });
}

// Every process of the node but init, the reaper, ourselves and the daemon.
std::vector<std::string> processes() {
  std::vector<std::string> found;
  for (const auto& folder : files_in("/proc")) {
    const auto name = folder.filename().string();
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || *end != '\0' || pid == ::getpid() || is_our_process(pid)) {
      continue;
    }
    const auto stat = read_file(folder / "stat");
    if (!stat) {
      continue;  // it has ended meanwhile
    }
    const auto open = stat->find('(');
    const auto close = stat->rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= stat->size()) {
      continue;
    }
    const auto command = stat->substr(open + 1, close - open - 1);
    const char state = (*stat)[close + 2];
    if (state != 'Z' && state != 'X' && command != "containerd") {
      found.push_back(fmt::format("{} (pid {})", printable(command), pid));
    }
  }
  return found;
}

}  // namespace

Expected<Inventory> take_inventory(const std::vector<std::string>& lease_roots) {
  Inventory inventory;
  for (const auto& file : files_in(layout::k_netns)) {
    if (is_namespace(file)) {
      inventory.add(LeakClass::netns, file.string());
    }
  }
  TRY(list_network(inventory));
  std::set<std::string> roots = {layout::k_leases};
  std::copy_if(lease_roots.begin(), lease_roots.end(), std::inserter(roots, roots.end()),
               may_hold_leases);
  for (const auto& root : roots) {
    list_leases(root, inventory);
  }
  for (const auto& file : files_in(fs::path(layout::k_cni_state) / "results")) {
    inventory.add(LeakClass::cached_result, file.string());
  }
  TRY(list_packet_rules(inventory));
  list_connections(inventory);
  list_state_on_disk(roots, inventory);
  inventory.of(LeakClass::process) = processes();
  return inventory;
}

}  // namespace cni_matrix::node
