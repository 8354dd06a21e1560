#pragma once

#include <cni_matrix/recorder/faults.hpp>

#include <string>
#include <string_view>

namespace cni_matrix::recorder {

// The text of the fault's rule file, see fault_format.hpp.
std::string rule_text(const Fault& fault);

// Every value is in its range. Error kind: input.
Expected<void> check_fault(const Fault& fault, std::string_view place);

}  // namespace cni_matrix::recorder
