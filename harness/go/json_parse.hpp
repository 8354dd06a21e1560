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

// Since Go 1.27 encoding/json stands on encoding/json/v2, which takes the same texts and has other
// words for what is wrong with some.
enum class JsonPackage { v1, v2 };

Decoded<Value> parse(std::string_view text, JsonPackage package = JsonPackage::v1);

}  // namespace cni_matrix::go
