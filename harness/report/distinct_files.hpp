#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::report {

// A file that a command reads or writes, and what the user knows it as: "--json", "the matrix".
// Without a path there is none; "-" is standard output.
struct NamedFile {
  std::string name;
  std::filesystem::path path;
};

// Whether each output is a file of its own, and none that is read: where two names lead to one
// file, the later writer would destroy what the other one needs. Standard output counts where it is
// a file or a pipe. Error kind: input, naming both.
Expected<void> check_distinct(const std::vector<NamedFile>& inputs,
                              const std::vector<NamedFile>& outputs);

}  // namespace cni_matrix::report
