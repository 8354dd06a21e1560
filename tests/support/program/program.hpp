#pragma once

#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace cni_matrix::testing_support {

using Words = std::vector<std::string>;

// cni-matrix as a user calls it, with a fixed environment and the cache of this machine's user.
// `environment` ("NAME=value") comes after that and wins.
inline CommandResult program(const Words& arguments, const Words& environment = {}) {
  Words argv = {CNI_MATRIX_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CommandOptions options;
  options.timeout = std::chrono::minutes(60);  // CTest's limit is the shorter one
  options.environment = fixed_environment();
  options.environment.push_back("CNI_MATRIX_CACHE=" + cache_directory().string());
  options.environment.insert(options.environment.end(), environment.begin(), environment.end());
  return value_or_throw(run_program(argv, options));
}

}  // namespace cni_matrix::testing_support
