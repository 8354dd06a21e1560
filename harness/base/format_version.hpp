#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <string_view>

namespace cni_matrix {

// Files that people write may say, at "format", in which version of their format they are; those
// without it are of version 1. To be asked before the schema, which would only find keys that it
// does not know. `kind` is what it is ("scenario"), `name` the file. Error kind: input, for a newer
// version than `newest`.
Expected<void> check_format(const Json& value, int newest, std::string_view kind,
                            std::string_view name);

}  // namespace cni_matrix
