#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cni_matrix {

constexpr std::size_t k_text_columns = 90;  // of a text that people read on a terminal

// `text` in lines of at most k_text_columns, each after `indent` blanks and with an end of line. A
// word that is longer has its own line.
std::string wrapped(std::string_view text, std::size_t indent);

}  // namespace cni_matrix
