#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace cni_matrix {

// SHA-256 in lower-case hexadecimal digits.
std::string sha256(std::string_view text);
// `cancelled`, if there is one, is asked for each block; true ends it (error kind: interrupted).
Expected<std::string> sha256_file(const std::filesystem::path& file,
                                  const std::function<bool()>& cancelled = {});

}  // namespace cni_matrix
