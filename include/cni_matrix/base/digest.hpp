#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace cni_matrix {

// SHA-256 in lower-case hexadecimal digits.
std::string sha256(std::string_view text);
Expected<std::string> sha256_file(const std::filesystem::path& file);

}  // namespace cni_matrix
