#pragma once

#include "value.hpp"

#include <string>

// The writer of Go's encoding/json.
namespace cni_matrix::go {

// json.Marshal: no blanks; <, >, &, U+2028 and U+2029 escaped.
std::string marshal(const Value& value);

}  // namespace cni_matrix::go
