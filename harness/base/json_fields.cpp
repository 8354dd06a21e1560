#include "json_fields.hpp"

namespace cni_matrix {

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<bool> flag_at(const Json& object, const char* key) {
  return object.contains(key) ? std::optional(object.at(key).get<bool>()) : std::nullopt;
}

}  // namespace cni_matrix
