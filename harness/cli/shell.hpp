#pragma once

namespace cni_matrix::cli {

class Command;

// `cni-matrix shell PID [COMMAND...]`: a program inside a node that is kept, on our terminal; its
// status is the command's. Adds the command and its options to the program's.
void add_shell(Command& program);

}  // namespace cni_matrix::cli
