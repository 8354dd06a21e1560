#pragma once

#include "../fault_format.hpp"

#include <string_view>

namespace cni_matrix::recorder {

// A fault as its file says it, see fault_format.hpp.
struct Rule {
  FaultAction action = FaultAction::fail;
  const char* name = "";
  int status = 0;
  int milliseconds = 0;
  std::string_view text;
  bool readable = true;  // false: the file is malformed; nothing else is set
};

// The fault to apply to this call, or null: the first one that is due; when none is, but a file is
// malformed, a rule that is not readable. Counts the call for every
// fault that it fits, so it is asked once. `command` may be null. Costs one failed open(2) when
// there are no faults. The rule stays valid until the program ends.
const Rule* due_rule(const char* plugin, const char* command);

}  // namespace cni_matrix::recorder
