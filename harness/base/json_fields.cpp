#include "json_fields.hpp"

#include <utility>

namespace cni_matrix {

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<bool> flag_at(const Json& object, const char* key) {
  return object.contains(key) ? std::optional(object.at(key).get<bool>()) : std::nullopt;
}

Expected<std::optional<VersionRange>> range_at(const Json& object, const char* key,
                                               std::string_view place) {
  if (!object.contains(key)) {
    return std::nullopt;
  }
  auto range = VersionRange::parse(object.at(key).get<std::string>());
  if (!range) {
    return input_error("{}/{}: {}", place, key, range.error().message);
  }
  return *std::move(range);
}

}  // namespace cni_matrix
