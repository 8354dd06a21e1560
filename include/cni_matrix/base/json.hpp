#pragma once

#include <cni_matrix/base/error.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string_view>

namespace cni_matrix {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Parse JSON with // and /* */ comments. `name` is the file or place that an error names, with line
// and column. Text nested deeper than 200 levels is refused. Error kind: input.
Expected<Json> parse_json(std::string_view text, std::string_view name);

// The same for a text in a format of ours: a key that stands twice in an object is refused too,
// since one of them would be lost in silence.
Expected<Json> parse_own_json(std::string_view text, std::string_view name);

// The content of a file of ours, at most 16 MiB, as parse_own_json. Error kind: input (missing,
// unreadable, malformed).
Expected<Json> load_json(const std::filesystem::path& file);

// Check `value` against a schema of this project, `matrix/<schema>.schema.json`. The error names
// `name`, the JSON pointer and what is wrong there. Error kind: input.
Expected<void> check_schema(const Json& value, std::string_view schema, std::string_view name);

}  // namespace cni_matrix
