#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix {

// How a command ends: the one table of exit statuses. README.md and each command's --help print it.
enum class ExitStatus : int {
  good = 0,           // as it should be
  bad_news = 1,       // the answer is bad news
  bad_input = 2,      // bad usage or input, nothing was run
  broken = 3,         // trouble of the harness or of the machine
  no_answer = 4,      // nothing was executed
  incomplete = 5,     // a part is missing, and what there is is good
  timeout = 124,      // --timeout ended it
  interrupted = 130,  // SIGINT ended it
  terminated = 143,   // SIGTERM ended it, or SIGHUP
};

[[nodiscard]] constexpr int number_of(ExitStatus status) {
  return static_cast<int>(status);
}

// All of them, in the order of their numbers.
const std::vector<ExitStatus>& all_exit_statuses();

// What a status means for every command: "the answer is bad news".
std::string_view meaning_of(ExitStatus status);

// The status of an error that nothing else is known of.
ExitStatus status_of(ErrorKind kind);

// Which of two that are both true is told: a signal or --timeout, then 2, 3, 1, 5, 4, 0.
ExitStatus graver(ExitStatus a, ExitStatus b);

// How a command ended, and what its last line says of it.
struct Ending {
  // Standard output ends with the line, unless it carries data for a program.
  enum class Line { on_output, on_error };

  ExitStatus status = ExitStatus::good;
  std::string words;
  Line line = Line::on_output;
  bool coloured = false;

  // "exit 1: 2 cells failed", without an end of line.
  [[nodiscard]] std::string text() const;
};

// How a command ends that SIGINT, SIGTERM or SIGHUP ended: "interrupted by SIGHUP; what is above is
// what was done". `number` is 0 where it is not known which one it was.
Ending ending_by_signal(int number, std::string_view rest);

// What `cni-matrix COMMAND` can end with, for its --help: a heading and a line for each status.
// Empty for a command that there is not.
std::string exit_statuses_of(std::string_view command);

// SIGINT, SIGTERM and SIGHUP end this process with a true last line on standard error from now on,
// where they are not ignored. Whoever needs to do more blocks them.
void end_on_signals();

}  // namespace cni_matrix
