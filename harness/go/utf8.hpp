#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Go's unicode/utf8, and the folding of strings.EqualFold.
namespace cni_matrix::go {

struct Rune {
  char32_t value = 0xFFFD;
  std::size_t size = 1;  // bytes
  bool valid = false;
};

// utf8.DecodeRune of a text that is not empty: an invalid byte is U+FFFD of size 1.
Rune decode_rune(std::string_view text);

// utf8.AppendRune.
void append_utf8(std::string& out, char32_t rune);

// strings.ToValidUTF8 with U+FFFD for each byte that is none, as json.Marshal does.
std::string valid_utf8(std::string_view text);

// strings.EqualFold as encoding/json matches keys of a struct.
bool equal_fold(std::string_view a, std::string_view b);

}  // namespace cni_matrix::go
