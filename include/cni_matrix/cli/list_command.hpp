#pragma once

#include <cni_matrix/base/error.hpp>

#include <cstdio>
#include <string>

namespace cni_matrix::cli {

struct ListArguments {
  std::string what = "scenarios";  // or "trace-rules", "probes"
  std::string format = "text";     // or "json", "markdown" (scenarios only)
};

// `cni-matrix list`: what there is to choose from. Returns the exit status. Error kind: input.
Expected<int> list_command(const ListArguments& arguments, std::FILE* out);

}  // namespace cni_matrix::cli
