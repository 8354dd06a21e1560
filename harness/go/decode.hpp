#pragma once

#include "json_parse.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Decoding of JSON into Go structs, with the errors of encoding/json.
namespace cni_matrix::go {

// An error of decoding. Type errors are kept in parts, since every enclosing struct that decodes
// through an UnmarshalJSON method rewrites them with its own place.
struct DecodeError {
  std::string text;       // of any other error
  std::string value;      // type error: what was found, "number"
  std::string type;       // type error: Go type that was wanted, "types.IPNet"
  std::string in_struct;  // "Result"
  std::string field;      // "ips"
  bool element = false;   // it is an array's; only v2 tells

  // "json: cannot unmarshal number into Go struct field Result.ips of type string"
  [[nodiscard]] std::string str() const;
};

template <typename T>
using Unmarshalled = tl::expected<T, DecodeError>;

// One json.Unmarshal into one struct. Each function says false when decoding must stop (an error of
// an UnmarshalJSON or UnmarshalText method); a type error is remembered and decoding goes on.
class StructDecoder {
 public:
  struct Field {
    std::string_view name;
    std::function<bool(const Value&)> decode;
  };

  explicit StructDecoder(JsonPackage package = JsonPackage::v1)
      : m_is_v2(package == JsonPackage::v2) {}

  // `type` is the Go type with its package ("types.NetConf"), `name` without ("NetConf").
  bool object(const Value& value, std::string_view type, std::string_view name,
              const std::vector<Field>& fields);
  bool string(const Value& value, std::string& out);
  bool boolean(const Value& value, bool& out);
  bool unsigned_integer(const Value& value, std::uint64_t& out);                // Go's uint
  bool integer(const Value& value, std::int64_t& out);                          // Go's int
  bool optional_integer(const Value& value, std::optional<std::int64_t>& out);  // *int
  bool strings(const Value& value, std::vector<std::string>& out);              // []string
  // []T: `element` decodes each one. `type` is "[]*types100.IPConfig".
  bool array(const Value& value, std::string_view type,
             const std::function<void(std::size_t)>& resize,
             const std::function<bool(std::size_t, const Value&)>& element);
  // map[string]T.
  bool map(const Value& value, std::string_view type,
           const std::function<bool(const std::string&, const Value&)>& element);

  // A value that has decoded itself (UnmarshalJSON): its error ends the decoding.
  bool stop(DecodeError error);
  void mismatch(const Value& value, std::string_view type);
  void mismatch(std::string found, std::string_view type);

  // The error of json.Unmarshal, if any.
  [[nodiscard]] std::optional<DecodeError> error() const;

 private:
  // Whether the value is of that kind; null leaves what was there, anything else is a type error.
  bool is_there(const Value& value, Value::Kind kind, std::string_view type);
  template <typename T>
  bool number(const Value& value, std::string_view type, T& out);
  void add_context(DecodeError& error) const;

  bool m_is_v2;  // errors name the outermost struct and the way to the value, also in maps
  std::string m_struct;
  std::vector<std::string> m_fields;
  bool m_in_element = false;
  std::optional<DecodeError> m_saved;
  std::optional<DecodeError> m_stopped;
};

// json.Unmarshal of bytes into `struct { CNIVersion string }`; "" becomes "0.1.0".
// Errors start with "decoding version from network config: ".
Decoded<std::string> decode_version(std::string_view json);

}  // namespace cni_matrix::go
