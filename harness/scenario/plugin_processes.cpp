#include "plugin_processes.hpp"

#include <cni_matrix/node/layout.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

namespace cni_matrix::scenario {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto k_limit = 2s;

// The recorder under a plugin's name, which lives as long as the plugin, or the plugin itself.
bool plugin_runs() {
  const std::string folder = std::string(node::k_cni_bin) + "/";
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ended;
    const auto program = fs::read_symlink(entry->path() / "exe", ended).string();
    if (program.starts_with(folder) || program == node::k_recorder ||
        program.starts_with(std::string(node::k_stacks) + "/plugins-")) {
      return true;
    }
  }
  return false;
}

}  // namespace

void wait_for_plugins() {
  const auto deadline = std::chrono::steady_clock::now() + k_limit;
  while (plugin_runs() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(2ms);
  }
}

}  // namespace cni_matrix::scenario
