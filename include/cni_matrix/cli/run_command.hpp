#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/matrix/matrix_spec.hpp>
#include <cni_matrix/report/console.hpp>
#include <cni_matrix/run/runner.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::cli {

// `cni-matrix run [MATRIX.json] ...`
struct RunArguments {
  std::filesystem::path matrix;  // empty: the selection alone
  matrix::Selection selection;
  run::RunOptions run;
  artifacts::FetchOptions fetch;
  report::ConsoleOptions console;
  std::filesystem::path json;  // empty: none; "-": standard output
  std::filesystem::path junit;
  std::filesystem::path baseline;      // fail where a verdict differs from this saved run
  std::filesystem::path rerun_failed;  // the cells come from this saved run
};

// The cells that the arguments ask for. Error kind: input, also when there is none.
Expected<std::vector<matrix::Cell>> cells_of(const RunArguments& arguments,
                                             std::vector<matrix::Statement>* claims = nullptr);

// Runs them and reports. Returns the exit status (run::RunSummary::exit_status; 1 as well when a
// verdict differs from the baseline's). Errors are those of run_cells and of the reports' files.
Expected<int> run_command(const RunArguments& arguments, std::FILE* out, std::FILE* err);

}  // namespace cni_matrix::cli
