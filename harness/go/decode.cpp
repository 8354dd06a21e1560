#include "decode.hpp"

#include "utf8.hpp"

#include <charconv>

namespace cni_matrix::go {

namespace {

std::string kind_name(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "bool";
    case Value::Kind::number:
      return "number";
    case Value::Kind::string:
      return "string";
    case Value::Kind::array:
      return "array";
    case Value::Kind::object:
      return "object";
  }
  return {};
}

template <typename T>
bool to_integer(const std::string& literal, T& out) {
  const char* end = literal.data() + literal.size();
  const auto result = std::from_chars(literal.data(), end, out);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::string DecodeError::str() const {
  if (type.empty()) {
    return text;
  }
  if (in_struct.empty() && field.empty()) {
    return "json: cannot unmarshal " + value + " into Go value of type " + type;
  }
  return "json: cannot unmarshal " + value + " into " + (element ? "" : "Go struct field ") +
         in_struct + "." + field + " of type " + type;
}

void StructDecoder::add_context(DecodeError& error) const {
  if (error.type.empty() || m_fields.empty()) {
    return;
  }
  error.in_struct = m_struct;
  error.element = m_in_element;
  error.field.clear();
  for (const auto& field : m_fields) {
    error.field += (error.field.empty() ? "" : ".") + field;
  }
}

bool StructDecoder::stop(DecodeError error) {
  add_context(error);
  m_stopped = std::move(error);
  return false;
}

void StructDecoder::mismatch(std::string found, std::string_view type) {
  if (m_saved) {
    return;  // the first one is what Unmarshal returns
  }
  m_saved = DecodeError{"", std::move(found), std::string(type), "", ""};
  add_context(*m_saved);
}

void StructDecoder::mismatch(const Value& value, std::string_view type) {
  mismatch(kind_name(value), type);
}

std::optional<DecodeError> StructDecoder::error() const {
  return m_stopped ? m_stopped : m_saved;
}

bool StructDecoder::is_there(const Value& value, Value::Kind kind, std::string_view type) {
  if (!value.is(kind) && !value.is(Value::Kind::null)) {
    mismatch(value, type);
  }
  return value.is(kind);
}

bool StructDecoder::object(const Value& value, std::string_view type, std::string_view name,
                           const std::vector<Field>& fields) {
  if (!is_there(value, Value::Kind::object, type)) {
    return true;
  }
  for (const auto& [key, member] : value.members) {
    const Field* found = nullptr;
    for (const auto& field : fields) {
      if (field.name == key) {
        found = &field;
        break;
      }
    }
    for (std::size_t i = 0; found == nullptr && i < fields.size(); ++i) {
      if (equal_fold(fields[i].name, key)) {
        found = &fields[i];
      }
    }
    if (found == nullptr) {
      continue;
    }
    const std::string outer = m_struct;
    if (!m_is_v2 || outer.empty()) {
      m_struct = name;
    }
    m_fields.emplace_back(found->name);
    m_in_element = false;
    if (!found->decode(member)) {
      return false;
    }
    m_fields.pop_back();
    m_struct = outer;
  }
  return true;
}

bool StructDecoder::string(const Value& value, std::string& out) {
  if (is_there(value, Value::Kind::string, "string")) {
    out = value.text;
  }
  return true;
}

bool StructDecoder::boolean(const Value& value, bool& out) {
  if (is_there(value, Value::Kind::boolean, "bool")) {
    out = value.boolean;
  }
  return true;
}

template <typename T>
bool StructDecoder::number(const Value& value, std::string_view type, T& out) {
  if (!is_there(value, Value::Kind::number, type)) {
    return true;
  }
  if (T read = 0; to_integer(value.text, read)) {
    out = read;
  } else {
    mismatch("number " + value.text, type);
  }
  return true;
}

bool StructDecoder::unsigned_integer(const Value& value, std::uint64_t& out) {
  return number(value, "uint", out);
}

bool StructDecoder::integer(const Value& value, std::int64_t& out) {
  return number(value, "int", out);
}

bool StructDecoder::optional_integer(const Value& value, std::optional<std::int64_t>& out) {
  if (value.is(Value::Kind::null)) {
    out.reset();
    return true;
  }
  std::int64_t number = out.value_or(0);
  const bool go_on = integer(value, number);
  out = number;  // Go has allocated the int before it looks at the value
  return go_on;
}

bool StructDecoder::strings(const Value& value, std::vector<std::string>& out) {
  return array(
      value, "[]string", [&](std::size_t size) { out.assign(size, ""); },
      [&](std::size_t i, const Value& item) { return string(item, out[i]); });
}

bool StructDecoder::array(const Value& value, std::string_view type,
                          const std::function<void(std::size_t)>& resize,
                          const std::function<bool(std::size_t, const Value&)>& element) {
  if (value.is(Value::Kind::null)) {
    resize(0);
    return true;
  }
  if (!is_there(value, Value::Kind::array, type)) {
    return true;
  }
  resize(value.items.size());
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (m_is_v2) {
      m_fields.push_back(std::to_string(i));
      m_in_element = true;
    }
    if (!element(i, value.items[i])) {
      return false;
    }
    if (m_is_v2) {
      m_fields.pop_back();
      m_in_element = false;
    }
  }
  return true;
}

bool StructDecoder::map(const Value& value, std::string_view type,
                        const std::function<bool(const std::string&, const Value&)>& element) {
  if (!is_there(value, Value::Kind::object, type)) {
    return true;
  }
  for (const auto& [key, member] : value.members) {
    if (m_is_v2) {
      m_fields.push_back(key);
      m_in_element = false;
    }
    if (!element(key, member)) {
      return false;
    }
    if (m_is_v2) {
      m_fields.pop_back();
    }
  }
  return true;
}

Decoded<std::string> decode_version(std::string_view json) {
  static constexpr const char* k_prefix = "decoding version from network config: ";
  const auto value = parse(json);
  if (!value) {
    return tl::unexpected(k_prefix + value.error());
  }
  std::string version;
  StructDecoder decoder;
  decoder.object(*value, R"(struct { CNIVersion string "json:\"cniVersion\"" })", "",
                 {{"cniVersion", [&](const Value& v) { return decoder.string(v, version); }}});
  if (const auto error = decoder.error()) {
    return tl::unexpected(k_prefix + error->str());
  }
  return version.empty() ? "0.1.0" : version;
}

}  // namespace cni_matrix::go
