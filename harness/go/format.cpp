#include "format.hpp"

#include "utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace cni_matrix::go {

namespace {

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

}  // namespace

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
    if (c >= '0' && c <= '9') {
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

}  // namespace cni_matrix::go
