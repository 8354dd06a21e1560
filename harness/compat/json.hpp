#pragma once

#include "question.hpp"

#include <cni_matrix/base/json.hpp>

#include <vector>

namespace cni_matrix::compat {

// As matrix/compat.schema.json says.
OrderedJson json_of(const Knowledge& knowledge, const std::vector<Reply>& replies);

}  // namespace cni_matrix::compat
