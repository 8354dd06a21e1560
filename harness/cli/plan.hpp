#pragma once

#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/matrix/matrix.hpp>

#include <cstdio>
#include <filesystem>

namespace cni_matrix::cli {

class Command;

struct PlanArguments {
  std::filesystem::path matrix;  // empty: the selection alone
  matrix::Selection selection;
  bool json = false;  // one JSON object a line, as to_json(Cell)
};

// `cni-matrix plan`: print id and name of every cell, nothing is executed or fetched. Cells are
// printed as they are made, so memory stays flat. Returns the ending.
// Error kind: input, also when there is no cell; broken when `out` cannot be written.
Expected<Ending> plan_command(const PlanArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_plan(Command& program);

}  // namespace cni_matrix::cli
