#include "network_state.hpp"
#include "our_processes.hpp"
#include "packet_rules.hpp"
#include "state_on_disk.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/node/inventory.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace fs = std::filesystem;

std::string_view name_of(LeakClass leak) {
  switch (leak) {
    case LeakClass::netns:
      return "netns";
    case LeakClass::veth:
      return "veth";
    case LeakClass::lease:
      return "lease";
    case LeakClass::cached_result:
      return "cached-result";
    case LeakClass::nat_rule:
      return "nat-rule";
    case LeakClass::pod_record:
      return "pod-record";
    case LeakClass::process:
      return "process";
    case LeakClass::link:
      return "link";
    case LeakClass::route:
      return "route";
    case LeakClass::filter_rule:
      return "filter-rule";
    case LeakClass::nft_table:
      return "nft-table";
    case LeakClass::conntrack:
      return "conntrack";
    case LeakClass::state_file:
      return "state-file";
    case LeakClass::mount:
      return "mount";
    case LeakClass::sysctl:
      return "sysctl";
    case LeakClass::snapshot:
      return "snapshot";
  }
  return "";
}

const std::vector<std::string>& Inventory::of(LeakClass leak) const {
  switch (leak) {
    case LeakClass::netns:
      return netns;
    case LeakClass::veth:
      return veths;
    case LeakClass::lease:
      return leases;
    case LeakClass::cached_result:
      return cached_results;
    case LeakClass::nat_rule:
      return nat_rules;
    case LeakClass::pod_record:
      return pods;
    case LeakClass::process:
      return processes;
    case LeakClass::link:
      return links;
    case LeakClass::route:
      return routes;
    case LeakClass::filter_rule:
      return filter_rules;
    case LeakClass::nft_table:
      return nft_tables;
    case LeakClass::conntrack:
      return conntracks;
    case LeakClass::state_file:
      return state_files;
    case LeakClass::mount:
      return mounts;
    case LeakClass::sysctl:
      return sysctls;
    case LeakClass::snapshot:
      break;
  }
  return snapshots;
}

std::vector<std::string>& Inventory::of(LeakClass leak) {
  return const_cast<std::vector<std::string>&>(std::as_const(*this).of(leak));  // NOLINT
}

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
        added.of(leak).push_back(entry);
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
      inventory.of(leak).push_back(entry.get<std::string>());
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

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

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

// Every process of the node but init, the reaper, ourselves and the daemon.
std::vector<std::string> processes() {
  std::vector<std::string> found;
  for (const auto& folder : entries("/proc")) {
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

Expected<Inventory> take_inventory() {
  Inventory inventory;
  for (const auto& file : entries(layout::k_netns)) {
    if (is_namespace(file)) {
      inventory.netns.push_back(file.string());
    }
  }
  CNI_MATRIX_TRY(list_network(inventory));
  for (const auto& network : entries(fs::path(layout::k_cni_state) / "networks")) {
    for (const auto& file : entries(network)) {
      if (is_lease(file)) {
        inventory.leases.push_back(file.string());
        if (auto holder = holder_of(file); !holder.empty()) {
          inventory.owners[file.string()] = std::move(holder);
        }
      }
    }
  }
  for (const auto& file : entries(fs::path(layout::k_cni_state) / "results")) {
    inventory.cached_results.push_back(file.string());
  }
  CNI_MATRIX_TRY(list_packet_rules(inventory));
  list_connections(inventory);
  list_state_on_disk(inventory);
  inventory.processes = processes();
  return inventory;
}

}  // namespace cni_matrix::node
