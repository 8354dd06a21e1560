#include "net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace cni_matrix::go {

namespace {

constexpr std::string_view k_mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

std::optional<std::string> parse_address(std::string_view text, bool& four) {
  const std::string name(text);
  std::array<char, 16> bytes{};
  four = inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 && name.size() == text.size();
  if (four) {
    return std::string(k_mapped) + std::string(bytes.data(), 4);
  }
  if (inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), bytes.size());
  }
  return std::nullopt;
}

std::string print_6(std::string_view bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = static_cast<unsigned>(static_cast<unsigned char>(bytes[2 * i])) * 256 +
                static_cast<unsigned char>(bytes[2 * i + 1]);
  }
  // The first longest run of two zero groups or more becomes "::" (RFC 5952).
  std::size_t start = groups.size();
  std::size_t length = 1;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) {
      ++end;
    }
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    i = std::max(i, end == i ? i : end - 1);
  }
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == start) {
      out += "::";
      i += length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) {
      out += ':';
    }
    out += fmt::format("{:x}", groups[i]);
  }
  return out;
}

}  // namespace

std::optional<Ip> Ip::parse(std::string_view text) {
  if (text.empty()) {
    return Ip{};
  }
  bool four = false;
  auto bytes = parse_address(text, four);
  if (!bytes) {
    return std::nullopt;
  }
  return Ip{std::move(*bytes)};
}

bool Ip::is_4() const {
  return bytes.size() == 16 && bytes.starts_with(k_mapped);
}

std::string Ip::str() const {
  if (bytes.empty()) {
    return {};
  }
  if (is_4()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[12 + i]); };
    return fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
  }
  return print_6(bytes);
}

std::optional<IpNet> IpNet::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  bool four = false;
  auto bytes = parse_address(text.substr(0, slash), four);
  const std::string_view digits = text.substr(slash + 1);
  if (!bytes || digits.empty()) {
    return std::nullopt;
  }
  int length = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9' || length > 128) {
      return std::nullopt;
    }
    length = length * 10 + (c - '0');
  }
  if (length > (four ? 32 : 128)) {
    return std::nullopt;
  }
  IpNet net{{std::move(*bytes)}, length, true};
  if (!four && net.ip.is_4()) {
    // A mapped address keeps a 16-byte mask, of which Go prints the last four bytes.
    net.prefix = std::max(0, length - 96);
  }
  return net;
}

std::string IpNet::str() const {
  return set ? fmt::format("{}/{}", ip.str(), prefix) : "<nil>";
}

}  // namespace cni_matrix::go
