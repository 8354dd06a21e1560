#pragma once

#include <string>
#include <string_view>

namespace cni_matrix {

// `word` as a POSIX shell reads it: quoted where it needs that.
std::string shell_word(std::string_view word);

}  // namespace cni_matrix
