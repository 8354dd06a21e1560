#include "utf8.hpp"

namespace cni_matrix::go {

namespace {

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

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Rune rune = decode_rune(text);
    append_utf8(out, rune.value);
    text.remove_prefix(rune.size);
  }
  return out;
}

bool equal_fold(std::string_view a, std::string_view b) {
  return fold(a) == fold(b);
}

}  // namespace cni_matrix::go
