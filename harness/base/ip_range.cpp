#include "ip_range.hpp"

#include <charconv>

#include <arpa/inet.h>

namespace cni_matrix {

namespace {

using Bytes = std::array<unsigned char, 16>;

std::size_t length_of(int family) {
  return family == AF_INET ? 4 : 16;
}

struct Address {
  int family = 0;  // 0: none
  Bytes bytes{};
};

Address parsed(const std::string& text) {
  Address address;
  address.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (::inet_pton(address.family, text.c_str(), address.bytes.data()) != 1) {
    address.family = 0;
  }
  return address;
}

std::string text_of(int family, const Bytes& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

// False when it is more than there is.
bool add(int family, Bytes& bytes, std::uint64_t number) {
  std::uint64_t carry = number;
  for (auto i = length_of(family); i > 0 && carry > 0; --i) {
    auto& byte = bytes.at(i - 1);
    carry += byte;
    byte = static_cast<unsigned char>(carry & 0xFFU);
    carry >>= 8U;
  }
  return carry == 0;
}

}  // namespace

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

bool IpRange::overlaps(const IpRange& other) const {
  return m_family == other.m_family && (contains(text_of(other.m_family, other.m_address)) ||
                                        other.contains(text_of(m_family, m_address)));
}

bool IpRange::is_ipv4() const {
  return m_family == AF_INET;
}

std::string IpRange::address(std::uint64_t offset) const {
  auto bytes = m_address;
  for (auto bit = m_bits; bit < length_of(m_family) * 8; ++bit) {
    bytes.at(bit / 8) &= static_cast<unsigned char>(~(0x80U >> bit % 8));
  }
  const bool fits = add(m_family, bytes, offset);
  const auto text = text_of(m_family, bytes);
  return fits && contains(text) ? text : last_address();
}

std::string IpRange::last_address() const {
  auto bytes = m_address;
  for (auto bit = m_bits; bit < length_of(m_family) * 8; ++bit) {
    bytes.at(bit / 8) |= static_cast<unsigned char>(0x80U >> bit % 8);
  }
  return text_of(m_family, bytes);
}

std::string next_address(const std::string& address) {
  auto next = parsed(address);
  return next.family != 0 && add(next.family, next.bytes, 1) ? text_of(next.family, next.bytes)
                                                             : std::string();
}

std::uint64_t count_addresses(const std::string& first, const std::string& last,
                              std::uint64_t limit) {
  const auto from = parsed(first);
  const auto to = parsed(last);
  if (from.family == 0 || from.family != to.family || to.bytes < from.bytes) {
    return 0;
  }
  auto at_limit = from;
  // The last one counts too, so a difference of limit - 1 is the limit.
  if (limit == 0 || !add(at_limit.family, at_limit.bytes, limit - 1) || to.bytes < at_limit.bytes) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < length_of(from.family); ++i) {
      difference = (difference << 8U) + to.bytes.at(i) - from.bytes.at(i);
    }
    return limit == 0 ? 0 : difference + 1;
  }
  return limit;
}

}  // namespace cni_matrix
