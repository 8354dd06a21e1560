#pragma once

#include <cni_matrix/base/error.hpp>

#include <string_view>

namespace cni_matrix::verdict {

// What is said of a cell. The first four are of a cell whose steps were done: see judge().
enum class Verdict { pass, known, fail, leak, skip, broken, interrupted };
std::string_view name_of(Verdict verdict);  // "pass", ...
// Error kind: input.
Expected<Verdict> parse_verdict(std::string_view text);

}  // namespace cni_matrix::verdict
