#pragma once

#include <cni_matrix/base/error.hpp>

#include <array>
#include <cstdint>
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
  [[nodiscard]] bool overlaps(const IpRange& other) const;
  [[nodiscard]] bool is_ipv4() const;
  [[nodiscard]] unsigned prefix_bits() const { return m_bits; }
  // The network's own address, and that many behind it; the last one where that is less.
  [[nodiscard]] std::string address(std::uint64_t offset) const;
  // The last address of it.
  [[nodiscard]] std::string last_address() const;
  [[nodiscard]] const std::string& str() const { return m_text; }

 private:
  int m_family = 0;
  unsigned m_bits = 0;
  std::array<unsigned char, 16> m_address{};
  std::string m_text;
};

// The address behind that one; empty for what is no address, and after the last one there is.
std::string next_address(const std::string& address);

// How many addresses there are from `first` to `last`, both counted, at most `limit`; 0 when `last`
// comes before, is of the other family, or either is no address.
std::uint64_t count_addresses(const std::string& first, const std::string& last,
                              std::uint64_t limit);

}  // namespace cni_matrix
