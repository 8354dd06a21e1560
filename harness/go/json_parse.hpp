#pragma once

#include "value.hpp"

#include <tl/expected.hpp>

#include <string>
#include <string_view>

// The scanner of Go's encoding/json.
namespace cni_matrix::go {

// The error is Go's text: "invalid character '}' looking for beginning of value".
template <typename T>
using Decoded = tl::expected<T, std::string>;

Decoded<Value> parse(std::string_view text);

}  // namespace cni_matrix::go
