#pragma once

#include "scratch_node.hpp"

#include <string>

namespace cni_matrix::test {

// The folders that CNI_MATRIX_TEST_PLUGINS_0_9_0, ..._1_1_1 and ..._1_9_1 name.
struct TestPlugins {
  NodePlugins folders;
  std::string obstacle;  // why tests with them cannot run here; empty when they can
};

TestPlugins find_test_plugins();

}  // namespace cni_matrix::test
