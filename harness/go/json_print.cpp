#include "json_print.hpp"

#include "utf8.hpp"

#include <fmt/format.h>

#include <string_view>

namespace cni_matrix::go {

namespace {

void marshal_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (!rune.valid) {
      out += "\\ufffd";
    } else if (rune.value == '"' || rune.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (rune.value == '\n') {
      out += "\\n";
    } else if (rune.value == '\r') {
      out += "\\r";
    } else if (rune.value == '\t') {
      out += "\\t";
    } else if (rune.value < 0x20 || rune.value == '<' || rune.value == '>' || rune.value == '&' ||
               rune.value == 0x2028 || rune.value == 0x2029) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(rune.value));
    } else {
      out += text.substr(0, rune.size);
    }
    text.remove_prefix(rune.size);
  }
  out += '"';
}

void marshal_to(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      out += "null";
      break;
    case Value::Kind::boolean:
      out += value.boolean ? "true" : "false";
      break;
    case Value::Kind::number:
      out += value.text;
      break;
    case Value::Kind::string:
      marshal_string(out, value.text);
      break;
    case Value::Kind::array:
      out += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) {
          out += ',';
        }
        marshal_to(out, value.items[i]);
      }
      out += ']';
      break;
    case Value::Kind::object:
      out += '{';
      for (std::size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) {
          out += ',';
        }
        marshal_string(out, value.members[i].first);
        out += ':';
        marshal_to(out, value.members[i].second);
      }
      out += '}';
      break;
  }
}

}  // namespace

std::string marshal(const Value& value) {
  std::string out;
  marshal_to(out, value);
  return out;
}

}  // namespace cni_matrix::go
