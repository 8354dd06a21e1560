#pragma once

#include "scratch_node.hpp"

#include <string>

namespace cni_matrix::test {

// Debian's builds of 0.9.0, 1.1.1 and 1.9.1, from the store or fetched into it.
struct TestPlugins {
  NodePlugins folders;
  std::string obstacle;  // why tests with them cannot run here; empty when they can
};

TestPlugins find_test_plugins();

}  // namespace cni_matrix::test
