#pragma once

#include "child.hpp"
#include "trace_file.hpp"

namespace cni_matrix::recorder {

// Carry the three streams between our caller and the plugin, noting them in `trace`, until the
// plugin has ended and its output has too. Returns its wait status, as waitpid(2) gives it.
int forward(Child& child, const Signals& signals, TraceFile& trace);

}  // namespace cni_matrix::recorder
