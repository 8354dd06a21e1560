#pragma once

#include <string>
#include <vector>

namespace cni_matrix::run {

// Behind the reason of a cell in whose node these calls were forbidden: which, and what lets them
// through. Empty where there are none.
std::string denial_note(const std::vector<std::string>& denied, bool is_root);

}  // namespace cni_matrix::run
