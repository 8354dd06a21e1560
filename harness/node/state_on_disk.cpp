#include "state_on_disk.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/node_layout.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <dirent.h>
#include <sys/stat.h>

namespace cni_matrix::node {

namespace {

constexpr int k_deepest = 4;

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void list_files(const std::string& folder, int depth, const std::set<std::string>& except,
                std::vector<std::string>& files) {
  for (const auto& name : names_in(folder)) {
    const auto path = fmt::format("{}/{}", folder, name);
    if (except.contains(path)) {
      continue;
    }
    if (depth < k_deepest && is_folder(path)) {
      list_files(path, depth + 1, except, files);
    } else {
      files.push_back(path);
    }
  }
}

// tuning and dhcp keep theirs in /run/cni; flannel and others in folders beside host-local's.
void list_state_files(const std::set<std::string>& lease_roots, Inventory& inventory) {
  auto except = lease_roots;  // they have classes of their own
  except.insert(std::string(layout::k_cni_state) + "/results");
  for (const char* folder : {"/run/cni", layout::k_cni_state}) {
    list_files(folder, 0, except, inventory.of(LeakClass::state_file));
  }
}

// Fields of /proc/PID/mountinfo: proc(5).
void list_mounts(Inventory& inventory) {
  const auto table = read_file("/proc/self/mountinfo");
  if (!table) {
    return;
  }
  constexpr std::array<std::string_view, 3> k_folders = {"/run/containerd/", "/var/lib/containerd/",
                                                         "/run/netns/"};
  const auto& netns = inventory.of(LeakClass::netns);
  auto& mounts = inventory.of(LeakClass::mount);
  std::string_view rest = *table;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    for (int field = 0; field < 4; ++field) {
      line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    }
    std::string point(line.substr(0, line.find(' ')));
    const bool below =
        std::any_of(k_folders.begin(), k_folders.end(),
                    [&](std::string_view folder) { return point.starts_with(folder); });
    // A pod's network namespace has a class of its own; it may show twice, for a shared mount.
    const bool counted = std::ranges::find(netns, "/var" + point) != netns.end() ||
                         std::ranges::find(mounts, point) != mounts.end();
    if (below && !counted) {
      mounts.push_back(std::move(point));
    }
  }
  std::ranges::sort(mounts);
}

void list_below(const std::string& folder, std::vector<std::string>& paths) {
  for (const auto& name : names_in(folder)) {
    paths.push_back(fmt::format("{}/{}", folder, name));
  }
}

// Of containerd's own state only what is a folder for each pod. Which plugin of containerd has it
// changed over its versions ("io.containerd.grpc.v1.cri" to 1.7, also
// "io.containerd.sandbox.controller.v1.shim" since 2.0), so all of them are looked through.
// The snapshotter's folders are no sign of a leak: with 1.4.13, 1.6.20, 1.7.24 and 2.1.9 alike a
// pod's is still there after RemovePodSandbox and even after a restart, until the garbage
// collector runs; whether it is still wanted only containerd's database says.
void list_records(Inventory& inventory) {
  for (const std::string root : {"/run/containerd", "/var/lib/containerd"}) {
    for (const auto& plugin : names_in(root)) {
      if (!plugin.starts_with("io.containerd.")) {
        continue;
      }
      const auto folder = fmt::format("{}/{}", root, plugin);
      if (plugin.find(".cri") != std::string::npos || plugin.find("sandbox") != std::string::npos) {
        list_below(folder + "/sandboxes", inventory.of(LeakClass::snapshot));
        list_below(folder + "/containers", inventory.of(LeakClass::snapshot));
      }
      if (plugin.find("runtime") != std::string::npos ||
          plugin.find("sandbox") != std::string::npos) {
        list_below(folder + "/k8s.io", inventory.of(LeakClass::snapshot));
      }
    }
  }
}

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
  if (directory == nullptr) {
    return names;
  }
  while (const auto* entry = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void list_state_on_disk(const std::set<std::string>& lease_roots, Inventory& inventory) {
  list_state_files(lease_roots, inventory);
  list_mounts(inventory);
  list_records(inventory);
}

}  // namespace cni_matrix::node
