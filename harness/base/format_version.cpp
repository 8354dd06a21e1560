#include "format_version.hpp"

namespace cni_matrix {

Expected<void> check_format(const Json& value, int newest, std::string_view kind,
                            std::string_view name) {
  const auto format = value.is_object() ? value.find("format") : value.end();
  if (!value.is_object() || format == value.end() || !format->is_number_integer() ||
      format->get<std::int64_t>() <= newest) {
    return {};  // what is no version the schema tells
  }
  return input_error(
      "{}: at /format: a {} of format {}, and this cni-matrix reads formats up to {}; install a "
      "newer one",
      name, kind, format->dump(), newest);
}

}  // namespace cni_matrix
