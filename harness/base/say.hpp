#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace cni_matrix {

// Print to a stream. One that takes nothing (a full disk, a reader that left) keeps its error flag,
// which is looked at when all is printed; fmt::print would throw in the midst of it.
template <typename... Args>
void say(std::FILE* stream, fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  (void)std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace cni_matrix
