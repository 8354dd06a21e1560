#pragma once

#include "command_line.hpp"
#include "run.hpp"

#include "report/console.hpp"
#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/matrix/matrix.hpp>
#include <cni_matrix/verdict/known_behaviours.hpp>

// The options that several commands have.
namespace cni_matrix::cli {

void add_selection(Command& command, matrix::Selection& selection);
void add_fetching(Command& command, artifacts::FetchOptions& fetch);
void add_privileged(Command& command, bool& privileged);
// --known and --residue.
void add_knowledge(Command& command, Knowledge& knowledge);
// What is known, one's own included; residue is in force from then on. Error kind: input.
Expected<verdict::KnownBehaviours> load_knowledge(const Knowledge& knowledge);
void add_console(Command& command, report::ConsoleOptions& console);

// What a run takes whatever is made of its results: the matrix, all of the above but the console,
// nodes at once, time limits.
void add_running(Command& command, RunArguments& arguments);

}  // namespace cni_matrix::cli
