#pragma once

#include <string>
#include <string_view>

// What Go's fmt and strconv make of values.
namespace cni_matrix::go {

// %q: strconv.Quote.
std::string quote(std::string_view text);

// The way json.Marshal prints a float64.
std::string format_float(double value);

// fmt.Sprintf(format) with no operands, as go-cni before 1.1 does to error texts: "%s" comes out as
// "%!s(MISSING)".
std::string sprintf_without_operands(std::string_view format);

}  // namespace cni_matrix::go
