#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace cni_matrix::containerd {

// True when `log` has, from `offset` on, the line with which containerd ends a CRI call: in every
// version it says "RunPodSandbox for ... failed, error" or "... returns sandbox id", and the like
// of the other calls.
bool tells_end(std::string_view log, std::string_view method);

// When a client gives up, containerd goes on: it takes back what it has done. The only thing that
// tells the end of that is its log. Made before the call.
class CallEnd {
 public:
  explicit CallEnd(std::filesystem::path log);

  // False when the call of that name has not ended within `limit`.
  [[nodiscard]] bool wait(std::string_view method, std::chrono::milliseconds limit) const;

 private:
  std::filesystem::path m_log;
  std::size_t m_offset = 0;
};

}  // namespace cni_matrix::containerd
