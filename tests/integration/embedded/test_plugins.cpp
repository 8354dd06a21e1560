#include "test_plugins.hpp"

#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <cstdlib>

namespace cni_matrix::test {

TestPlugins find_test_plugins() {
  TestPlugins found;
  found.obstacle = node_obstacle();
  if (found.obstacle.empty() && find_program("iptables").empty()) {
    found.obstacle = "iptables is not installed";
  }
  for (const std::string release : {"0.9.0", "1.1.1", "1.9.1"}) {
    std::string variable = "CNI_MATRIX_TEST_PLUGINS_" + release;
    std::replace(variable.begin(), variable.end(), '.', '_');
    if (const char* folder = std::getenv(variable.c_str()); folder != nullptr) {
      found.folders[release] = folder;
    } else if (found.obstacle.empty()) {
      found.obstacle = "set " + variable + " to the folder of that release's plugins";
    }
  }
  return found;
}

}  // namespace cni_matrix::test
