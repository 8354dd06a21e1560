#pragma once

// What a run could leave on the host.

#include "base/file.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace cni_matrix::testing_support {

inline std::string output_of(const std::vector<std::string>& argv) {
  const auto result = run_program(argv);
  return result ? result->out : "";
}

// What a run could leave: links, mounts, rules, cgroups, named namespaces, temporary directories.
inline std::string host_state() {
  std::string state = output_of({"ip", "-o", "link"}) + output_of({"cat", "/proc/self/mounts"}) +
                      output_of({"find", "/sys/fs/cgroup", "-type", "d"});
  if (::geteuid() == 0) {
    state += output_of({"iptables-save"}) + output_of({"ip6tables-save"});
  }
  std::error_code error;
  for (const auto* folder : {"/run", "/run/netns", "/var/lib/cni", "/run/containerd"}) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const auto name = entry.path().filename().string();
      // Others work on this machine too: only what could be ours counts.
      if (name.find("cni") != std::string::npos || name.find("containerd") != std::string::npos) {
        names.push_back(entry.path().string());
      }
    }
    std::sort(names.begin(), names.end());
    state += fmt::format("{}\n", fmt::join(names, "\n"));
  }
  return state;
}

// Processes of ours: by name for nodes, by path for what runs inside them.
inline std::vector<std::pair<pid_t, std::string>> our_processes() {
  std::vector<std::pair<pid_t, std::string>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) {
      continue;
    }
    const auto comm = std::string(trim(read_file(entry.path() / "comm").value_or("")));
    const auto stat = read_file(entry.path() / "stat").value_or("");
    const auto close = stat.rfind(')');
    const bool zombie =
        close != std::string::npos && stat.size() > close + 2 && stat[close + 2] == 'Z';
    if (!zombie &&
        (comm.starts_with("cni-matrix") || comm.starts_with("containerd") || comm == "pause")) {
      found.emplace_back(pid, comm);
    }
  }
  return found;
}

inline bool none_left() {
  for (int i = 0; i < 1000; ++i) {
    if (our_processes().empty()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace cni_matrix::testing_support
