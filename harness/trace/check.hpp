#pragma once

#include "attachments.hpp"
#include "facts.hpp"

#include <string>
#include <vector>

// What a rule is made of: a function that takes calls and facts and says what is wrong, one
// sentence each.
namespace cni_matrix::trace {

using Calls = std::vector<RuntimeCall>;
using Sentences = std::vector<std::string>;

}  // namespace cni_matrix::trace
