#include "netlink.hpp"

#include <array>
#include <string>

#include <sys/socket.h>

namespace cni_matrix::node {

Netlink::Netlink(int protocol)
    : m_socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)) {}

bool Netlink::send(std::uint16_t type, std::uint16_t flags, std::string_view payload) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST | flags;
  header.nlmsg_seq = ++m_sequence;
  const auto request = std::string(bytes_of(header)) + std::string(payload);
  return m_socket && ::send(m_socket.get(), request.data(), request.size(), 0) >= 0;
}

bool Netlink::request(std::uint16_t type, std::string_view payload) {
  struct {
    nlmsghdr header;
    nlmsgerr error;
  } answer{};
  return send(type, NLM_F_ACK, payload) &&
         ::recv(m_socket.get(), &answer, sizeof answer, MSG_TRUNC) >=
             static_cast<ssize_t>(sizeof answer) &&
         answer.header.nlmsg_type == NLMSG_ERROR && answer.error.error == 0;
}

bool Netlink::dump(std::uint16_t type, std::string_view payload,
                   const std::function<void(const nlmsghdr&)>& take) {
  if (!send(type, NLM_F_DUMP, payload)) {
    return false;
  }
  // The kernel fills at most 32 KiB at once (netlink_dump).
  alignas(nlmsghdr) static thread_local std::array<char, 1U << 15U> buffer;
  for (;;) {
    const auto count = ::recv(m_socket.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      return false;
    }
    auto left = static_cast<std::size_t>(count);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());  // NOLINT
    while (left >= sizeof *message && message->nlmsg_len >= sizeof *message &&
           message->nlmsg_len <= left) {
      if (message->nlmsg_seq == m_sequence) {
        if (message->nlmsg_type == NLMSG_DONE) {
          return true;
        }
        if (message->nlmsg_type == NLMSG_ERROR) {
          return false;
        }
        take(*message);
      }
      const auto step = std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), left);
      left -= step;
      message = reinterpret_cast<const nlmsghdr*>(         // NOLINT
          reinterpret_cast<const char*>(message) + step);  // NOLINT
    }
  }
}

std::string_view attribute(std::string_view attributes, std::uint16_t type) {
  while (attributes.size() >= sizeof(nlattr)) {
    nlattr header{};
    std::memcpy(&header, attributes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > attributes.size()) {
      break;
    }
    if ((header.nla_type & NLA_TYPE_MASK) == type) {
      return attributes.substr(sizeof header, header.nla_len - sizeof header);
    }
    attributes.remove_prefix(std::min<std::size_t>(
        NLA_ALIGN(static_cast<std::size_t>(header.nla_len)), attributes.size()));
  }
  return {};
}

std::string_view text_attribute(std::string_view attributes, std::uint16_t type) {
  const auto payload = attribute(attributes, type);
  return payload.substr(0, payload.find('\0'));
}

}  // namespace cni_matrix::node
