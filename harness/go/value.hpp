#pragma once

#include <cni_matrix/base/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JSON as Go's encoding/json sees it: what libcni gives to plugins, keeps in its cache and says in
// its errors depends on it.
namespace cni_matrix::go {

// A parsed value. Members keep the order of the text and their duplicates: decoding into a Go
// struct looks at every one of them, decoding into a map keeps the last (see as_interface).
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

Value from_json(const OrderedJson& json);
OrderedJson to_ordered_json(const Value& value);

}  // namespace cni_matrix::go
