#pragma once

#include "report/console.hpp"
#include "report/formats.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/exit_status.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/run/runner.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::cli {

class Command;

// Files beside those that come with the program.
struct Knowledge {
  std::vector<std::filesystem::path> known;    // matrix/known-behaviours.schema.json
  std::vector<std::filesystem::path> residue;  // matrix/residue.schema.json
};

// `cni-matrix run [MATRIX.json] ...`
struct RunArguments {
  std::filesystem::path matrix;  // empty: the selection alone
  matrix::Selection selection;
  run::RunOptions run;
  artifacts::FetchOptions fetch;
  Knowledge knowledge;
  report::ConsoleOptions console;
  report::ReportFiles reports;
  std::filesystem::path json;          // of verify-embedded; empty: none; "-": standard output
  std::filesystem::path baseline;      // fail where a cell got worse than in this saved run
  bool new_failures_only = false;      // with a baseline: fail for nothing that failed there too
  std::vector<std::string> fail_on;    // "skip", "modelled": bad news too
  std::filesystem::path rerun_failed;  // the cells come from this saved run
};

// The cells that the arguments ask for. Error kind: input, also when there is none.
Expected<std::vector<matrix::Cell>> cells_of(const RunArguments& arguments,
                                             std::vector<verdict::Statement>* claims = nullptr);

// Whether what is written is no file that is read, and each report has one of its own.
// Error kind: input.
Expected<void> check_files(const RunArguments& arguments, const std::vector<matrix::Cell>& cells);

// Runs them and reports. Returns what the cells came to (run::RunSummary::ending), or what they are
// beside the baseline. Errors are those from before the first cell; what goes wrong later is said
// on `err` and is the ending of the report.
Expected<Ending> run_command(const RunArguments& arguments, std::FILE* out, std::FILE* err);

// Adds the command and its options to the program's.
void add_run(Command& program);

}  // namespace cni_matrix::cli
