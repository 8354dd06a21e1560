#include "paths.hpp"

#include "runtime/node_layout.hpp"

#ifdef CNI_MATRIX_RECORDER_FOR_TESTS
#include <cstdio>
#include <cstdlib>

#include <limits.h>
#endif

namespace cni_matrix::recorder {

#ifdef CNI_MATRIX_RECORDER_FOR_TESTS

const char* real_plugins() {
  static char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "%s/real", std::getenv("RECORDER_TEST_ROOT"));
  return path;
}

const char* trace_socket() {
  static char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "%s/trace/socket", std::getenv("RECORDER_TEST_ROOT"));
  return path;
}

const char* faults_directory() {
  static char path[PATH_MAX];
  std::snprintf(path, sizeof(path), "%s/faults", std::getenv("RECORDER_TEST_ROOT"));
  return path;
}

#else

const char* real_plugins() {
  return layout::k_real_plugins;
}
const char* trace_socket() {
  return layout::k_trace_socket;
}
const char* faults_directory() {
  return layout::k_faults;
}

#endif

}  // namespace cni_matrix::recorder
