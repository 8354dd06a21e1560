#pragma once

#include <cni_matrix/base/json.hpp>

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JSON as Go's encoding/json reads and writes it: what libcni gives to plugins, keeps in its cache
// and says in its errors depends on it.
namespace cni_matrix::go {

// A parsed value. Members keep the order of the text and their duplicates: decoding into a Go
// struct looks at every one of them, decoding into a map keeps the last (see as_map).
struct Value {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;  // of a string its UTF-8 value; of a number the literal
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  static Value of(bool value);
  static Value of(std::string value);
  static Value of(const char* value) { return of(std::string(value)); }
  static Value of(std::int64_t value);
  static Value array(std::vector<Value> values = {});
  static Value object(std::vector<std::pair<std::string, Value>> values = {});

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
  // The last member of that exact name; null when there is none.
  [[nodiscard]] const Value* find(std::string_view name) const;
  // Replace the member, or append it.
  void set(std::string name, Value value);
};

// Go's error text of a syntax error: "invalid character '}' looking for beginning of value".
template <typename T>
using Decoded = tl::expected<T, std::string>;

Decoded<Value> parse(std::string_view text);

// What decoding into interface{} makes of it: in every object the last duplicate wins and keys are
// sorted as marshalling a map does; numbers become what a float64 prints as. The error is that of a
// number beyond float64.
Decoded<Value> as_interface(const Value& value);

// json.Marshal: no blanks; <, >, &, U+2028 and U+2029 escaped.
std::string marshal(const Value& value);

// %T of the value in an interface{}: "map[string]interface {}", "float64", "<nil>".
std::string type_name(const Value* value);

// %q: strconv.Quote.
std::string quote(std::string_view text);

// The way json.Marshal prints a float64.
std::string format_float(double value);

// fmt.Sprintf(format) with no operands, as go-cni before 1.1 does to error texts: "%s" comes out as
// "%!s(MISSING)".
std::string sprintf_without_operands(std::string_view format);

// strings.EqualFold as encoding/json matches keys of a struct.
bool equal_fold(std::string_view a, std::string_view b);

Value from_json(const OrderedJson& json);
OrderedJson to_ordered_json(const Value& value);

}  // namespace cni_matrix::go
