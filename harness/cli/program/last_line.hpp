#pragma once

#include <cni_matrix/base/exit_status.hpp>

#include <string>

// The end of the program: whether all that it printed is written, the last line, the exit status.
namespace cni_matrix::cli {

// The last line, whatever happened before it; the status that it names is the result.
int end_with(const Ending& ending);

// Why nothing, or no more, was done, and the last line.
int refuse(ExitStatus status, const std::string& why);

// After a text that is no command's work (--help), and so has no last line: it has to be written
// all the same.
int end_of_text();

}  // namespace cni_matrix::cli
