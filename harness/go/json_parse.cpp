#include "json_parse.hpp"

#include "format.hpp"
#include "utf8.hpp"

#include <fmt/format.h>

#include <optional>

namespace cni_matrix::go {

namespace {

// encoding/json allows 10,000. This parser recurses, and so does whoever walks the value; a
// document this deep is an attack, and the answer to it is the same.
constexpr int k_max_depth = 1'000;
constexpr std::string_view k_unexpected_end = "unexpected end of JSON input";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

// How an error of the scanner prints the offending byte (as a rune of that number).
std::string quote_character(char c) {
  if (c == '\'') {
    return R"('\'')";
  }
  if (c == '"') {
    return R"('"')";
  }
  std::string rune;
  append_utf8(rune, static_cast<unsigned char>(c));
  const std::string quoted = quote(rune);
  return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

// One pass that validates as Go's scanner does and builds the value. Go validates everything before
// it decodes anything, so a syntax error always comes before a type error.
class Parser {
 public:
  Parser(std::string_view text, JsonPackage package)
      : m_text(text), m_is_v2(package == JsonPackage::v2) {}

  Decoded<Value> run() {
    Value value;
    if (!parse_value(value, 0)) {
      return tl::unexpected(m_error);
    }
    skip_space();
    if (!at_end()) {
      bad("after top-level value");
      return tl::unexpected(m_error);
    }
    return value;
  }

 private:
  [[nodiscard]] bool at_end() const { return m_at >= m_text.size(); }
  [[nodiscard]] char peek() const { return m_text[m_at]; }

  void skip_space() {
    while (!at_end() && is_space(peek())) {
      ++m_at;
    }
  }

  // Always false, so that callers can return it.
  bool bad(std::string_view context) {
    m_error = at_end() ? std::string(k_unexpected_end)
                       : fmt::format("invalid character {} {}", quoted(), context);
    return false;
  }

  [[nodiscard]] std::string quoted() const {
    if (!m_is_v2) {
      return quote_character(peek());
    }
    // A whole rune, where v1 has a byte.
    const Rune rune = decode_rune(m_text.substr(m_at));
    if (!rune.valid) {
      return fmt::format("'\\x{:02x}'", static_cast<unsigned char>(peek()));
    }
    const auto text = quote(m_text.substr(m_at, rune.size));
    return rune.size == 1 ? quote_character(peek()) : "'" + text.substr(1, text.size() - 2) + "'";
  }

  // The same where blanks are not allowed: Go's scanner takes the end of the text for a blank
  // first.
  bool bad_inside(std::string_view context) {
    if (m_is_v2) {
      return bad(context);
    }
    m_error =
        fmt::format("invalid character {} {}", at_end() ? "' '" : quote_character(peek()), context);
    return false;
  }

  bool parse_value(Value& value, int depth) {
    skip_space();
    if (at_end()) {
      return bad("");
    }
    switch (peek()) {
      case '{':
      case '[':
        if (depth + 1 > k_max_depth) {
          m_error = "exceeded max depth";
          return false;
        }
        return peek() == '{' ? parse_object(value, depth + 1) : parse_array(value, depth + 1);
      case '"':
        value.kind = Value::Kind::string;
        return parse_string(value.text);
      case 't':
        value = Value::of(true);
        return parse_literal("true");
      case 'f':
        value = Value::of(false);
        return parse_literal("false");
      case 'n':
        value = Value();
        return parse_literal("null");
      default:
        if (peek() == '-' || is_digit(peek())) {
          return parse_number(value);
        }
        return bad("looking for beginning of value");
    }
  }

  bool parse_literal(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i, ++m_at) {
      if (at_end() || peek() != word[i]) {
        return bad_inside(fmt::format("in literal {} (expecting '{}')", word, word[i]));
      }
    }
    return true;
  }

  bool parse_object(Value& value, int depth) {
    value.kind = Value::Kind::object;
    ++m_at;
    skip_space();
    if (!at_end() && peek() == '}') {
      ++m_at;
      return true;
    }
    while (true) {
      skip_space();
      if (at_end() || peek() != '"') {
        return bad("looking for beginning of object key string");
      }
      auto& member = value.members.emplace_back(std::string(), Value());
      if (!parse_string(member.first)) {
        return false;
      }
      skip_space();
      if (at_end() || peek() != ':') {
        return bad("after object key");
      }
      ++m_at;
      if (!parse_value(member.second, depth)) {
        return false;
      }
      skip_space();
      if (!at_end() && peek() == '}') {
        ++m_at;
        return true;
      }
      if (at_end() || peek() != ',') {
        return bad("after object key:value pair");
      }
      ++m_at;
    }
  }

  bool parse_array(Value& value, int depth) {
    value.kind = Value::Kind::array;
    ++m_at;
    skip_space();
    if (!at_end() && peek() == ']') {
      ++m_at;
      return true;
    }
    while (true) {
      if (!parse_value(value.items.emplace_back(), depth)) {
        return false;
      }
      skip_space();
      if (!at_end() && peek() == ']') {
        ++m_at;
        return true;
      }
      if (at_end() || peek() != ',') {
        return bad("after array element");
      }
      ++m_at;
    }
  }

  bool parse_number(Value& value) {
    const std::size_t start = m_at;
    const auto digits = [&](std::string_view context) {
      if (at_end() || !is_digit(peek())) {
        return bad_inside(context);
      }
      while (!at_end() && is_digit(peek())) {
        ++m_at;
      }
      return true;
    };
    if (peek() == '-') {
      ++m_at;
    }
    if (!at_end() && peek() == '0') {
      ++m_at;
    } else if (!digits("in numeric literal")) {
      return false;
    }
    if (!at_end() && peek() == '.') {
      ++m_at;
      if (!digits(m_is_v2 ? "in numeric literal" : "after decimal point in numeric literal")) {
        return false;
      }
    }
    if (!at_end() && (peek() == 'e' || peek() == 'E')) {
      ++m_at;
      if (!at_end() && (peek() == '+' || peek() == '-')) {
        ++m_at;
      }
      if (!digits(m_is_v2 ? "in numeric literal" : "in exponent of numeric literal")) {
        return false;
      }
    }
    value.kind = Value::Kind::number;
    value.text = m_text.substr(start, m_at - start);
    return true;
  }

  // `escape` is where it begins, at its backslash.
  bool bad_escape(std::size_t escape, std::size_t length, std::string_view context) {
    if (!m_is_v2 || at_end()) {
      return bad_inside(context);
    }
    m_error = fmt::format("invalid escape sequence `{}` in string", m_text.substr(escape, length));
    return false;
  }

  bool parse_hex(char32_t& unit) {
    constexpr std::size_t k_length = 6;  // \uXXXX
    const auto escape = m_at - 2;
    unit = 0;
    for (int i = 0; i < 4; ++i, ++m_at) {
      const int digit = at_end() ? -1 : hex_digit(peek());
      if (digit < 0) {
        return bad_escape(escape, k_length, "in \\u hexadecimal character escape");
      }
      unit = unit * 16 + static_cast<char32_t>(digit);
    }
    return true;
  }

  // The code unit of a \uXXXX that follows here, without consuming it.
  [[nodiscard]] std::optional<char32_t> next_escaped_unit() const {
    if (m_text.size() < m_at + 6 || m_text.substr(m_at, 2) != "\\u") {
      return std::nullopt;
    }
    char32_t unit = 0;
    for (std::size_t i = 2; i < 6; ++i) {
      const int digit = hex_digit(m_text[m_at + i]);
      if (digit < 0) {
        return std::nullopt;
      }
      unit = unit * 16 + static_cast<char32_t>(digit);
    }
    return unit;
  }

  bool parse_escape(std::string& out) {
    ++m_at;
    static constexpr std::string_view k_names = "bfnrt\\/\"";
    static constexpr std::string_view k_values = "\b\f\n\r\t\\/\"";
    if (const auto found = at_end() ? std::string_view::npos : k_names.find(peek());
        found != std::string_view::npos) {
      out += k_values[found];
      ++m_at;
      return true;
    }
    if (at_end() || peek() != 'u') {
      return bad_escape(m_at - 1, 2, "in string escape code");
    }
    ++m_at;
    char32_t unit = 0;
    if (!parse_hex(unit)) {
      return false;
    }
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      const auto low = next_escaped_unit();
      if (unit < 0xDC00 && low && *low >= 0xDC00 && *low <= 0xDFFF) {
        m_at += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10U) + (*low - 0xDC00);
      } else {
        unit = 0xFFFD;
      }
    }
    append_utf8(out, unit);
    return true;
  }

  bool parse_string(std::string& out) {
    ++m_at;
    while (true) {
      if (at_end()) {
        return bad("");
      }
      const char c = peek();
      if (c == '"') {
        ++m_at;
        return true;
      }
      if (c == '\\') {
        if (!parse_escape(out)) {
          return false;
        }
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return bad(m_is_v2 ? "in string" : "in string literal");
      } else if (static_cast<unsigned char>(c) < 0x80) {
        out += c;
        ++m_at;
      } else {
        const Rune rune = decode_rune(m_text.substr(m_at));
        append_utf8(out, rune.value);
        m_at += rune.size;
      }
    }
  }

  std::string_view m_text;
  bool m_is_v2;
  std::size_t m_at = 0;
  std::string m_error;
};

}  // namespace

Decoded<Value> parse(std::string_view text, JsonPackage package) {
  return Parser(text, package).run();
}

}  // namespace cni_matrix::go
