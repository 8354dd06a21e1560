#pragma once

#include <optional>
#include <string>
#include <string_view>

// Addresses as Go's package net reads and prints them.
namespace cni_matrix::go {

// net.IP: 0 bytes (nil) or 16; an IPv4 address is kept in its mapped form, as net.ParseIP does.
struct Ip {
  std::string bytes;

  // net.ParseIP; an IP without bytes for the empty text (net.IP's UnmarshalText does that).
  static std::optional<Ip> parse(std::string_view text);
  [[nodiscard]] bool empty() const { return bytes.empty(); }
  [[nodiscard]] bool is_4() const;        // To4() != nil
  [[nodiscard]] std::string str() const;  // as marshalled; empty for no bytes
};

// types.IPNet: an address with the length of its network's prefix.
struct IpNet {
  Ip ip;
  int prefix = 0;  // as in net.IPNet.String()
  bool set = false;

  // types.ParseCIDR.
  static std::optional<IpNet> parse(std::string_view text);
  [[nodiscard]] std::string str() const;  // "<nil>" for a zero IPNet
};

}  // namespace cni_matrix::go
