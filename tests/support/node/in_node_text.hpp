#pragma once

#include "node/node.hpp"
#include <cni_matrix/base/process.hpp>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::node {

// Everything the node wrote until it closed its output.
inline std::string read_all(const Node& node) {
  std::string text;
  pollfd fd{node.output(), POLLIN, 0};
  while (::poll(&fd, 1, 20'000) > 0) {
    std::array<char, 4096> buffer{};
    const auto count = ::read(node.output(), buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

// What `work` returns, as text, having run in a node.
inline std::string in_node(const std::function<std::string()>& work,
                           const NodeOptions& options = {}) {
  auto node = Node::start(options, [&](int output, std::int64_t) {
    const auto text = work();
    return ::write(output, text.data(), text.size()) >= 0 ? 0 : 1;
  });
  if (!node) {
    return "cannot start: " + node.error().message;
  }
  auto text = read_all(*node);
  node->reap();
  return text;
}

inline std::string command(const std::vector<std::string>& argv) {
  const auto result = run_program(argv);
  return result ? result->out + result->err : result.error().message;
}

}  // namespace cni_matrix::node
