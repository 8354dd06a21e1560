#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::cni {

// One run of a plugin as os/exec's Cmd.Run sees it.
struct PluginRun {
  // The error's text: "exit status 1", "signal: killed", "fork/exec /x: permission denied",
  // "context deadline exceeded". Absent when the plugin ended with success.
  std::optional<std::string> failure;
  bool exited = false;  // the failure is an ExitError: the plugin ran
  std::string out;
  std::string err;
};

// Start the plugin with vfork, give it `input` and read both streams to their ends, as Go does (a
// grandchild that keeps them open is waited for). At `deadline` the plugin is killed. The kernel
// kills it when the calling thread ends.
PluginRun run_plugin(const std::filesystem::path& plugin, std::string_view input,
                     const std::vector<std::string>& environment,
                     std::chrono::steady_clock::time_point deadline);

}  // namespace cni_matrix::cni
