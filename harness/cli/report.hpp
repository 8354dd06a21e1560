#pragma once

#include "run.hpp"

#include "report/console.hpp"
#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace cni_matrix::cli {

class Command;

// `cni-matrix report run.json --format console|junit|json [--output FILE]`
struct ReportArguments {
  std::filesystem::path run;
  std::string format = "console";
  std::filesystem::path output = "-";  // of junit and json; "-" is standard output
  Knowledge knowledge;
  report::ConsoleOptions console;
};

// Shows a saved run again, in another format. Returns what the run came to, as `run` did; of a run
// that was killed, what is there of it. Notes for the user go to `err`. Error kind: input (no such
// format, a file that is no run), broken (could not be written).
Expected<Ending> report_command(const ReportArguments& arguments, std::FILE* out, std::FILE* err);

// Adds the command and its options to the program's.
void add_report(Command& program);

}  // namespace cni_matrix::cli
