#pragma once

#include <tl/expected.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace cni_matrix::go {

// errno's text as Go prints it: "no such file or directory".
std::string error_text(int number);

// os.ReadFile: the error is "open /x: no such file or directory".
tl::expected<std::string, std::string> read_file(const std::filesystem::path& file);

// os.MkdirAll(0700) of its directory and os.WriteFile(0600).
tl::expected<void, std::string> write_file(const std::filesystem::path& file,
                                           std::string_view text);

}  // namespace cni_matrix::go
