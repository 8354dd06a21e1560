#pragma once

#include <cni_matrix/base/version.hpp>

#include <filesystem>
#include <vector>

namespace cni_matrix::containerd {

struct TestContainerd {
  Version version;
  std::filesystem::path binaries;
};

// The containerds at hand, oldest first: the folders in CNI_MATRIX_TEST_CONTAINERD_DIRS (separated
// by colons), else what the cache holds, else the system's.
std::vector<TestContainerd> containerds();

// A folder with bridge, host-local and loopback: CNI_MATRIX_TEST_PLUGINS_DIR, else the newest in
// the cache, else the system's; empty when there is none.
std::filesystem::path plugins();

}  // namespace cni_matrix::containerd
