#include "ip_range.hpp"

#include <charconv>

#include <arpa/inet.h>

namespace cni_matrix {

Expected<IpRange> IpRange::parse(std::string_view text) {
  const auto refused = [&] {
    return input_error("\"{}\" is no network in CIDR notation, like 10.99.0.0/16", text);
  };
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return refused();
  }
  IpRange range;
  range.m_text = text;
  const std::string address(text.substr(0, slash));
  range.m_family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const auto bits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), range.m_bits);
  if (error != std::errc() || end != bits.data() + bits.size() ||
      range.m_bits > (range.m_family == AF_INET ? 32U : 128U) ||
      ::inet_pton(range.m_family, address.c_str(), range.m_address.data()) != 1) {
    return refused();
  }
  return range;
}

bool IpRange::contains(const std::string& address) const {
  std::array<unsigned char, 16> other{};
  if (::inet_pton(m_family, address.c_str(), other.data()) != 1) {
    return false;
  }
  for (unsigned bit = 0; bit < m_bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80U >> bit % 8);
    if (((other.at(bit / 8) ^ m_address.at(bit / 8)) & mask) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace cni_matrix
