#pragma once

#include "compat/question.hpp"

#include <cstdio>
#include <filesystem>
#include <vector>

namespace cni_matrix::cli {

class Command;

struct CompatArguments {
  compat::Asked asked;
  std::filesystem::path records;  // empty: the shipped ones
  bool json = false;
  bool page = false;                          // print matrix/compatibility.md
  std::vector<std::filesystem::path> record;  // print what these saved runs say, as records
};

// `cni-matrix compat`: does it work? Answered without a run. Returns the ending. Error kind: input.
Expected<Ending> compat_command(const CompatArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_compat(Command& program);

}  // namespace cni_matrix::cli
