#pragma once

#include "question.hpp"

#include <string>
#include <vector>

namespace cni_matrix::compat {

// For a terminal: a line for each cniVersion where one stack is asked for, else a table; then each
// known behaviour once, with its remedy, what was run, and the command that tries it.
std::string text_of(const Knowledge& knowledge, const std::vector<Reply>& replies);

// What the last line says: "works: with cniVersion 0.1.0, 0.2.0 and 5 more".
std::string summary_of(const std::vector<Reply>& replies);

}  // namespace cni_matrix::compat
