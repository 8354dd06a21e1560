#pragma once

#include <array>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace cni_matrix::node {

// Bytes in network order, 4 or 16, as text; empty for any other number of them.
inline std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if ((bytes.size() != 4 && bytes.size() != 16) ||
      ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

}  // namespace cni_matrix::node
