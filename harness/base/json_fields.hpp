#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/version.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Members of a JSON object.
namespace cni_matrix {

// The text at `key`; empty when there is none, or something else, or `object` is no object.
std::string text_at(const Json& object, const char* key);

// The flag at `key`, of an object that a schema has been held against.
std::optional<bool> flag_at(const Json& object, const char* key);

// The range of versions at `key`, likewise. Error kind: input, naming `place` and the key.
template <typename Range = VersionRange>
Expected<std::optional<Range>> range_at(const Json& object, const char* key,
                                        std::string_view place) {
  if (!object.contains(key)) {
    return std::nullopt;
  }
  auto range = Range::parse(object.at(key).template get<std::string>());
  if (!range) {
    return input_error("{}/{}: {}", place, key, range.error().message);
  }
  return *std::move(range);
}

}  // namespace cni_matrix
