#pragma once

#include "answer.hpp"

#include <string>

namespace cni_matrix::compat {

// matrix/compatibility.md: every release of the catalog with every release of the plugins, at every
// cniVersion, of the shipped list. Releases that answer alike stand together.
Expected<std::string> page_of(const Knowledge& knowledge);

}  // namespace cni_matrix::compat
