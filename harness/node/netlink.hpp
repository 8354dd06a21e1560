#pragma once

#include <cni_matrix/base/fd.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include <linux/netlink.h>

// Dumps over netlink without libnl: an inventory is taken three times in every cell, and libnl's
// caches parse far more than it asks for.
namespace cni_matrix::node {

class Netlink {
 public:
  explicit Netlink(int protocol);  // NETLINK_ROUTE, NETLINK_NETFILTER

  // Ask for a dump; `payload` is the family's own header. `take` gets each message. False when the
  // kernel refuses or lacks it.
  bool dump(std::uint16_t type, std::string_view payload,
            const std::function<void(const nlmsghdr&)>& take);

  // Ask for a change; false when the kernel refuses it.
  bool request(std::uint16_t type, std::string_view payload);

 private:
  bool send(std::uint16_t type, std::uint16_t flags, std::string_view payload);

  Fd m_socket;
  std::uint32_t m_sequence = 0;
};

template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};  // NOLINT: what netlink wants
}

// The header of a family that a message starts with; zeroes when it is too short.
template <typename T>
T header_of(const nlmsghdr& message) {
  T header{};
  if (message.nlmsg_len >= NLMSG_HDRLEN + sizeof header) {
    std::memcpy(&header, reinterpret_cast<const char*>(&message) + NLMSG_HDRLEN,  // NOLINT
                sizeof header);
  }
  return header;
}

// The attributes behind such a header.
template <typename T>
std::string_view attributes_of(const nlmsghdr& message) {
  const std::size_t begin = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(T));
  if (message.nlmsg_len <= begin) {
    return {};
  }
  return {reinterpret_cast<const char*>(&message) + begin, message.nlmsg_len - begin};  // NOLINT
}

// The payload of the first attribute of this type; empty when there is none.
std::string_view attribute(std::string_view attributes, std::uint16_t type);

std::string_view text_attribute(std::string_view attributes, std::uint16_t type);  // without \0

// Zero when it is absent or has another size.
template <typename T>
T number_attribute(std::string_view attributes, std::uint16_t type) {
  T value{};
  const auto payload = attribute(attributes, type);
  if (payload.size() == sizeof value) {
    std::memcpy(&value, payload.data(), sizeof value);
  }
  return value;
}

}  // namespace cni_matrix::node
