#pragma once

#include "run.hpp"

#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace cni_matrix::cli {

class Command;

struct ExplainArguments {
  std::vector<std::string> ids;  // "F02"; none: list all
  bool json = false;             // the entries of matrix/known-behaviours
  Knowledge knowledge;           // its known behaviours
};

// `cni-matrix explain`: print known behaviours with their remedy and references. Returns the exit
// status. Error kind: input for an unknown id.
Expected<Ending> explain_command(const ExplainArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_explain(Command& program);

}  // namespace cni_matrix::cli
