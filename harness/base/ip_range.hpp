#pragma once

#include <cni_matrix/base/error.hpp>

#include <array>
#include <string>
#include <string_view>

namespace cni_matrix {

// A network in CIDR notation, IPv4 or IPv6.
class IpRange {
 public:
  // "10.99.0.0/16", "fd00:88::/64". Error kind: input.
  static Expected<IpRange> parse(std::string_view text);

  // False for an address of the other family, and for what is no address.
  [[nodiscard]] bool contains(const std::string& address) const;
  [[nodiscard]] const std::string& str() const { return m_text; }

 private:
  int m_family = 0;
  unsigned m_bits = 0;
  std::array<unsigned char, 16> m_address{};
  std::string m_text;
};

}  // namespace cni_matrix
