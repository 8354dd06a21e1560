#pragma once

#include "json_parse.hpp"

#include <string>

// What a value is in Go's interface{}.
namespace cni_matrix::go {

// What decoding into interface{} makes of it: in every object the last duplicate wins and keys are
// sorted as marshalling a map does; numbers become what a float64 prints as. The error is that of a
// number beyond float64.
Decoded<Value> as_interface(const Value& value, JsonPackage package = JsonPackage::v1);

// %T of the value in an interface{}: "map[string]interface {}", "float64", "<nil>".
std::string type_name(const Value* value);

}  // namespace cni_matrix::go
