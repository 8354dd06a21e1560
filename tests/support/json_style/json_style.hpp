#pragma once

#include <cni_matrix/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cni_matrix::testing_support {

constexpr std::size_t k_json_columns = 120;

// `text` in the one style of the JSON files that people write here: members in the order they
// have, two blanks a level; a value stands on one line when it fits into k_json_columns and has no
// list of several lists or objects in it, which is the rule that gives each step of a scenario its
// line. A text in the style stays as it is.
//
// Comments and keys that stand twice are refused: other programs' parsers refuse the ones, and the
// others would be lost. `name` is what an error names. Error kind: input.
Expected<std::string> in_json_style(std::string_view text, std::string_view name);

}  // namespace cni_matrix::testing_support
