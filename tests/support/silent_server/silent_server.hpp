#pragma once

#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cni_matrix::testing_support {

// Takes connections (the kernel does) and says nothing.
class SilentServer {
 public:
  SilentServer() : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(m_fd.get(), any, size), 0);
    EXPECT_EQ(::listen(m_fd.get(), 64), 0);
    EXPECT_EQ(::getsockname(m_fd.get(), any, &size), 0);
    m_port = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string url(const char* scheme) const {
    return fmt::format("{}://127.0.0.1:{}", scheme, m_port);
  }

 private:
  Fd m_fd;
  int m_port = 0;
};

}  // namespace cni_matrix::testing_support
