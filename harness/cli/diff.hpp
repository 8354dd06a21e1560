#pragma once

#include "report/diff.hpp"
#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::cli {

class Command;

// `cni-matrix diff old.json new.json [--by COLUMN,...] [--json]`
struct DiffArguments {
  std::filesystem::path before;
  std::filesystem::path after;
  std::vector<std::string> by;  // what makes a cell's identity; none: all of its name
  bool json = false;
  bool unicode = true;
};

// Writes the cells that differ to `out`. Bad news is a cell that got worse, no answer two runs
// without a cell in common. Error kind: input.
Expected<Ending> diff_command(const DiffArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_diff(Command& program);

}  // namespace cni_matrix::cli
