#include "interface.hpp"

#include "format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace cni_matrix::go {

namespace {

std::optional<double> to_double(const std::string& literal) {
  double value = 0;
  const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small is zero for Go, too large an error; the sign of the exponent tells them apart.
    const auto exponent = literal.find_first_of("eE");
    const bool tiny = exponent != std::string::npos
                          ? literal[exponent + 1] == '-'
                          : literal.starts_with("0.") || literal.starts_with("-0.");
    if (!tiny) {
      return std::nullopt;
    }
    return literal.starts_with('-') ? -0.0 : 0.0;
  }
  return value;
}

}  // namespace

namespace {

// `place` is what v2 names of it: ".plugins.0.x".
Decoded<Value> interface_at(const Value& value, JsonPackage package, const std::string& place) {
  Value out = value;
  if (value.is(Value::Kind::number)) {
    const auto number = to_double(value.text);
    if (!number) {
      return tl::unexpected(fmt::format(
          "json: cannot unmarshal number {} into Go {} of type float64", value.text,
          package == JsonPackage::v1 || place.empty() ? "value" : "struct field " + place));
    }
    out.text = format_float(*number);
  } else if (value.is(Value::Kind::array)) {
    for (std::size_t i = 0; i < out.items.size(); ++i) {
      auto inner = interface_at(out.items[i], package, fmt::format("{}.{}", place, i));
      if (!inner) {
        return inner;
      }
      out.items[i] = std::move(*inner);
    }
  } else if (value.is(Value::Kind::object)) {
    out.members.clear();
    for (const auto& [name, member] : value.members) {
      auto inner = interface_at(member, package, fmt::format("{}.{}", place, name));
      if (!inner) {
        return inner;
      }
      out.set(name, std::move(*inner));
    }
    std::sort(out.members.begin(), out.members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return out;
}

}  // namespace

Decoded<Value> as_interface(const Value& value, JsonPackage package) {
  return interface_at(value, package, "");
}

std::string type_name(const Value* value) {
  if (value == nullptr) {
    return "<nil>";
  }
  switch (value->kind) {
    case Value::Kind::null:
      return "<nil>";
    case Value::Kind::boolean:
      return "bool";
    case Value::Kind::number:
      return "float64";
    case Value::Kind::string:
      return "string";
    case Value::Kind::array:
      return "[]interface {}";
    case Value::Kind::object:
      return "map[string]interface {}";
  }
  return "<nil>";
}

}  // namespace cni_matrix::go
