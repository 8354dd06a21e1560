#pragma once

#include <string>
#include <string_view>

namespace cni_matrix::go {

// RFC 4648 section 4, with padding.
std::string base64(std::string_view bytes);

// What Go's StdEncoding can decode.
bool is_base64(std::string_view text);

}  // namespace cni_matrix::go
