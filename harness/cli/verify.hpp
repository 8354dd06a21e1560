#pragma once

#include "run.hpp"

#include <cstdio>

namespace cni_matrix::cli {

class Command;

// `cni-matrix verify-embedded ... [--json FILE]`: every cell on the daemon and on the embedded
// runtime, and each point in which the two disagree: outcome and error of each step, leftovers,
// plugin calls. Bad news when they do, no answer when no cell ran on both. Of `arguments` the
// baseline, JUnit and console are not used. Errors are those from before the first cell.
Expected<Ending> verify_command(const RunArguments& arguments, std::FILE* out, std::FILE* err);

// Adds the command and its options to the program's.
void add_verify(Command& program);

}  // namespace cni_matrix::cli
