#include "base64.hpp"

#include <algorithm>
#include <cstdint>

namespace cni_matrix::go {

namespace {
constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}  // namespace

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8U) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= count ? k_alphabet[(group >> (18U - 6U * j)) & 0x3FU] : '=';
    }
  }
  return out;
}

bool is_base64(std::string_view text) {
  std::string plain;
  std::copy_if(text.begin(), text.end(), std::back_inserter(plain),
               [](char c) { return c != '\r' && c != '\n'; });
  if (plain.size() % 4 != 0) {
    return false;
  }
  const auto padding = plain.find('=');
  const auto digits = std::string_view(plain).substr(0, padding);
  const auto rest = std::string_view(plain).substr(digits.size());
  return rest.size() <= 2 && rest.find_first_not_of('=') == std::string_view::npos &&
         digits.find_first_not_of(k_alphabet) == std::string_view::npos;
}

}  // namespace cni_matrix::go
