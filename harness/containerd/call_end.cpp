#include "call_end.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

namespace cni_matrix::containerd {
namespace {

constexpr std::chrono::milliseconds k_poll{5};

}  // namespace

bool tells_end(std::string_view log, std::string_view method) {
  const auto begins = std::string(method) + " for ";
  while (!log.empty()) {
    const auto line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
    const auto at = line.find(begins);
    if (at == std::string_view::npos) {
      continue;
    }
    const auto rest = line.substr(at);
    if (rest.find(" failed") != std::string_view::npos ||
        rest.find(" returns ") != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

CallEnd::CallEnd(std::filesystem::path log) : m_log(std::move(log)) {
  std::error_code error;
  const auto size = std::filesystem::file_size(m_log, error);
  m_offset = error ? 0 : static_cast<std::size_t>(size);
}

bool CallEnd::wait(std::string_view method, std::chrono::milliseconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (const auto log = read_file(m_log);
        log && log->size() > m_offset &&
        tells_end(std::string_view(*log).substr(m_offset), method)) {
      return true;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(k_poll);
  }
}

}  // namespace cni_matrix::containerd
