#include "json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace cni_matrix::go {

namespace {

// encoding/json allows 10,000. This parser recurses, and so does whoever walks the value; a
// document this deep is an attack, and the answer to it is the same.
constexpr int k_max_depth = 1'000;

void append_utf8(std::string& out, char32_t rune) {
  const auto put = [&](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0U | (rune >> 6U));
    put(0x80U | (rune & 0x3FU));
  } else if (rune < 0x10000) {
    put(0xE0U | (rune >> 12U));
    put(0x80U | ((rune >> 6U) & 0x3FU));
    put(0x80U | (rune & 0x3FU));
  } else {
    put(0xF0U | (rune >> 18U));
    put(0x80U | ((rune >> 12U) & 0x3FU));
    put(0x80U | ((rune >> 6U) & 0x3FU));
    put(0x80U | (rune & 0x3FU));
  }
}

struct Rune {
  char32_t value = 0xFFFD;
  std::size_t size = 1;
  bool valid = false;
};

// utf8.DecodeRune: an invalid byte is U+FFFD of size 1.
Rune decode_rune(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return {first, 1, true};
  }
  std::size_t size = 0;
  char32_t value = 0;
  char32_t least = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    size = 2, value = first & 0x1FU, least = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    size = 3, value = first & 0x0FU, least = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4, value = first & 0x07U, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < size) {
    return {};
  }
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return {};
    }
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return {};
  }
  return {value, size, true};
}

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
  explicit Parser(std::string_view text) : m_text(text) {}

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
    m_error = at_end() ? "unexpected end of JSON input"
                       : fmt::format("invalid character {} {}", quote_character(peek()), context);
    return false;
  }

  // The same where blanks are not allowed: Go's scanner takes the end of the text for a blank
  // first.
  bool bad_inside(std::string_view context) {
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
      if (!digits("after decimal point in numeric literal")) {
        return false;
      }
    }
    if (!at_end() && (peek() == 'e' || peek() == 'E')) {
      ++m_at;
      if (!at_end() && (peek() == '+' || peek() == '-')) {
        ++m_at;
      }
      if (!digits("in exponent of numeric literal")) {
        return false;
      }
    }
    value.kind = Value::Kind::number;
    value.text = m_text.substr(start, m_at - start);
    return true;
  }

  bool parse_hex(char32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++m_at) {
      const int digit = at_end() ? -1 : hex_digit(peek());
      if (digit < 0) {
        return bad_inside("in \\u hexadecimal character escape");
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
      return bad_inside("in string escape code");
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
        return bad("in string literal");
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
  std::size_t m_at = 0;
  std::string m_error;
};

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

// strconv.IsPrint, by the ranges that matter: controls, separators, surrogates, private use and
// non-characters are not printable.
bool is_printable(char32_t rune) {
  if (rune < 0x7F) {
    return rune >= 0x20;
  }
  if (rune <= 0xA0 || rune == 0xAD || rune == 0xFEFF) {
    return false;
  }
  if ((rune >= 0x2000 && rune <= 0x200F) || (rune >= 0x2028 && rune <= 0x202F) ||
      (rune >= 0x205F && rune <= 0x206F) || rune == 0x3000 || rune == 0x1680 || rune == 0x180E) {
    return false;
  }
  return !((rune >= 0xD800 && rune <= 0xF8FF) || (rune >= 0xFFF0 && rune <= 0xFFFB) ||
           (rune & 0xFFFEU) == 0xFFFEU || rune >= 0xE0000);
}

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

// Key folding of encoding/json: ASCII case, and the two letters outside ASCII that fold into it.
std::string fold(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (rune.value == 0x212A) {
      out += 'k';
    } else if (rune.value == 0x017F) {
      out += 's';
    } else if (rune.value >= 'A' && rune.value <= 'Z') {
      out += static_cast<char>(rune.value - 'A' + 'a');
    } else {
      out += text.substr(0, rune.size);
    }
    text.remove_prefix(rune.size);
  }
  return out;
}

}  // namespace

Value Value::of(bool value) {
  Value out;
  out.kind = Kind::boolean;
  out.boolean = value;
  return out;
}

Value Value::of(std::string value) {
  Value out;
  out.kind = Kind::string;
  out.text = std::move(value);
  return out;
}

Value Value::of(std::int64_t value) {
  Value out;
  out.kind = Kind::number;
  out.text = std::to_string(value);
  return out;
}

Value Value::array(std::vector<Value> values) {
  Value out;
  out.kind = Kind::array;
  out.items = std::move(values);
  return out;
}

Value Value::object(std::vector<std::pair<std::string, Value>> values) {
  Value out;
  out.kind = Kind::object;
  out.members = std::move(values);
  return out;
}

const Value* Value::find(std::string_view name) const {
  const auto last = std::find_if(members.rbegin(), members.rend(),
                                 [name](const auto& member) { return member.first == name; });
  return last == members.rend() ? nullptr : &last->second;
}

void Value::set(std::string name, Value value) {
  for (auto& member : members) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  members.emplace_back(std::move(name), std::move(value));
}

Decoded<Value> parse(std::string_view text) {
  return Parser(text).run();
}

Decoded<Value> as_interface(const Value& value) {
  Value out = value;
  if (value.is(Value::Kind::number)) {
    const auto number = to_double(value.text);
    if (!number) {
      return tl::unexpected(fmt::format(
          "json: cannot unmarshal number {} into Go value of type float64", value.text));
    }
    out.text = format_float(*number);
  } else if (value.is(Value::Kind::array)) {
    for (auto& item : out.items) {
      auto inner = as_interface(item);
      if (!inner) {
        return inner;
      }
      item = std::move(*inner);
    }
  } else if (value.is(Value::Kind::object)) {
    out.members.clear();
    for (const auto& [name, member] : value.members) {
      auto inner = as_interface(member);
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

std::string marshal(const Value& value) {
  std::string out;
  marshal_to(out, value);
  return out;
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

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    if (!rune.valid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (rune.value == '"' || rune.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (is_printable(rune.value)) {
      out += text.substr(0, rune.size);
    } else {
      static constexpr std::string_view k_values = "\a\b\f\n\r\t\v";
      static constexpr std::string_view k_names = "abfnrtv";
      const auto named =
          rune.value < 0x80 ? k_values.find(static_cast<char>(rune.value)) : std::string_view::npos;
      const auto number = static_cast<unsigned>(rune.value);
      if (named != std::string_view::npos) {
        out += '\\';
        out += k_names[named];
      } else if (number < 0x80) {
        out += fmt::format("\\x{:02x}", number);
      } else {
        out +=
            number < 0x10000 ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
      }
    }
    text.remove_prefix(rune.size);
  }
  return out + "\"";
}

std::string format_float(double value) {
  if (value == 0) {
    return std::signbit(value) ? "-0" : "0";
  }
  // The shortest digits that read back the same, as d.ddde±xx.
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          std::chars_format::scientific);
  const std::string_view scientific(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = scientific.find('e');
  std::string digits;
  for (const char c : scientific.substr(0, e)) {
    if (is_digit(c)) {
      digits += c;
    }
  }
  int exponent = 0;
  const auto* first = scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1);
  std::from_chars(first, scientific.data() + scientific.size(), exponent);
  const std::string sign = value < 0 ? "-" : "";
  const double magnitude = std::fabs(value);
  if (magnitude < 1e-6 || magnitude >= 1e21) {
    const std::string mantissa =
        digits.size() > 1 ? digits.substr(0, 1) + "." + digits.substr(1) : digits;
    return fmt::format("{}{}e{}{}{}", sign, mantissa, exponent < 0 ? '-' : '+',
                       exponent >= 0 && exponent < 10 ? "0" : "", std::abs(exponent));
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    return sign + digits + std::string(whole - digits.size(), '0');
  }
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string sprintf_without_operands(std::string_view format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    ++i;
    while (i < format.size() &&
           std::string_view("+-# 0123456789.").find(format[i]) != std::string_view::npos) {
      ++i;
    }
    if (i >= format.size()) {
      return out + "%!(NOVERB)";
    }
    if (format[i] == '%') {
      out += '%';
      continue;
    }
    const Rune verb = decode_rune(format.substr(i));
    out += "%!";
    append_utf8(out, verb.value);
    out += "(MISSING)";
    i += verb.size - 1;
  }
  return out;
}

bool equal_fold(std::string_view a, std::string_view b) {
  return fold(a) == fold(b);
}

Value from_json(const OrderedJson& json) {
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return Value::of(json.get<bool>());
    case OrderedJson::value_t::string:
      return Value::of(json.get<std::string>());
    case OrderedJson::value_t::number_integer:
      return Value::of(json.get<std::int64_t>());
    case OrderedJson::value_t::number_unsigned:
    case OrderedJson::value_t::number_float: {
      Value out;
      out.kind = Value::Kind::number;
      out.text = json.is_number_unsigned() ? std::to_string(json.get<std::uint64_t>())
                                           : format_float(json.get<double>());
      return out;
    }
    case OrderedJson::value_t::array: {
      Value out = Value::array();
      for (const auto& item : json) {
        out.items.push_back(from_json(item));
      }
      return out;
    }
    case OrderedJson::value_t::object: {
      Value out = Value::object();
      for (const auto& [name, member] : json.items()) {
        out.members.emplace_back(name, from_json(member));
      }
      return out;
    }
    default:
      return {};
  }
}

OrderedJson to_ordered_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.boolean;
    case Value::Kind::string:
      return value.text;
    case Value::Kind::number:
      return OrderedJson::parse(value.text, nullptr, false);
    case Value::Kind::array: {
      OrderedJson out = OrderedJson::array();
      for (const auto& item : value.items) {
        out.push_back(to_ordered_json(item));
      }
      return out;
    }
    case Value::Kind::object: {
      OrderedJson out = OrderedJson::object();
      for (const auto& [name, member] : value.members) {
        out[name] = to_ordered_json(member);
      }
      return out;
    }
  }
  return nullptr;
}

}  // namespace cni_matrix::go
