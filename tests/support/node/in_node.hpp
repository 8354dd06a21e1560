#pragma once

#include "base/file.hpp"
#include "base/text.hpp"
#include "node/node.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace cni_matrix::testing_support {

using Lines = std::vector<std::string>;

// What `work` returns, having run in a node.
inline Lines in_node(const std::function<Lines()>& work) {
  auto node = node::Node::start({}, [&](int output, std::int64_t) {
    const auto text = Json(work()).dump();
    return ::write(output, text.data(), text.size()) >= 0 ? 0 : 1;
  });
  if (!node) {
    return {"cannot start: " + node.error().message};
  }
  std::string text;
  pollfd fd{node->output(), POLLIN, 0};
  while (::poll(&fd, 1, 30'000) > 0) {
    std::array<char, 4096> buffer{};
    const auto count = ::read(node->output(), buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  node->reap();
  const auto lines = parse_json(text, "node");
  return lines ? lines->get<Lines>() : Lines{text};
}

inline void sh(const std::string& command) {
  const auto result = value_or_throw(run_program(split(command, ' ')));
  if (!result.ok()) {
    throw Failure({ErrorKind::broken, command + ": " + result.err});
  }
}

class InNode : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto privileges = node::check_privileges(); !privileges) {
      GTEST_SKIP() << privileges.error().message;
    }
  }
};

}  // namespace cni_matrix::testing_support
