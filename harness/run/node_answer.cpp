#include "node_answer.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::run {

namespace {

constexpr std::size_t k_answer_limit = 64U << 20U;
constexpr std::chrono::milliseconds k_look{100};

}  // namespace

void write_answer(int output, std::string_view text) {
  (void)write_all(output, text);  // where it cannot be written, its reader is gone
}

Expected<std::optional<std::string>> read_answer(const node::Node& node,
                                                 std::chrono::milliseconds limit,
                                                 const std::function<bool()>& cancelled) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + limit;
  std::string text;
  std::vector<char> buffer(1U << 18U);
  for (;;) {
    if (cancelled && cancelled()) {
      return fail(ErrorKind::interrupted, "stopped while a node was waited for");
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return std::nullopt;
    }
    pollfd fd{node.output(), POLLIN, 0};
    if (::poll(&fd, 1, static_cast<int>(std::min(left, k_look).count())) <= 0) {
      continue;
    }
    const auto count = ::read(node.output(), buffer.data(), buffer.size());
    if (count == 0) {
      return text;
    }
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
      if (text.size() > k_answer_limit) {
        return broken("a node said more than {} MiB", k_answer_limit >> 20U);
      }
    } else if (errno != EAGAIN && errno != EINTR) {
      return system_error("cannot read from the node");
    }
  }
}

}  // namespace cni_matrix::run
