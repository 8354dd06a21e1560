#include "plugin_processes.hpp"

#include "runtime/node_layout.hpp"

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

bool plugin_runs() {
  std::error_code error;
  for (auto entry = fs::directory_iterator("/proc", error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ended;
    const auto program = fs::read_symlink(entry->path() / "exe", ended).string();
    if (program.starts_with(std::string(layout::k_stacks) + "/plugins-")) {
      return true;
    }
  }
  return false;
}

}  // namespace

void wait_for_plugins(recorder::Collector* collector) {
  const auto deadline = std::chrono::steady_clock::now() + k_limit;
  // A recorder lives as long as its plugin or longer, and its executable is not always to be seen.
  const auto any_runs = [collector] {
    return (collector != nullptr && collector->open_calls() > 0) || plugin_runs();
  };
  while (any_runs() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(2ms);
  }
}

}  // namespace cni_matrix::scenario
