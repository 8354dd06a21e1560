#pragma once

#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <string>

namespace cni_matrix::cli {

class Command;

struct ListArguments {
  std::string what = "scenarios";  // or "trace-rules", "probes"
  std::string format = "text";     // or "json", "markdown" (scenarios only)
};

// `cni-matrix list`: what there is to choose from. Returns the ending. Error kind: input.
Expected<Ending> list_command(const ListArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_list(Command& program);

}  // namespace cni_matrix::cli
