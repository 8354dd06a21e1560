#pragma once

#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <string>

namespace cni_matrix::cli {

struct ListArguments {
  std::string what = "scenarios";  // or "trace-rules", "probes"
  std::string format = "text";     // or "json", "markdown" (scenarios only)
};

// `cni-matrix list`: what there is to choose from. Returns the ending. Error kind: input.
Expected<Ending> list_command(const ListArguments& arguments, std::FILE* out);

}  // namespace cni_matrix::cli
