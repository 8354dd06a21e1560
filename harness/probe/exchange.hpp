#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/socket.h>

// One real conversation over TCP or UDP, both ends of it in this process.
namespace cni_matrix::probe {

enum class Transport { tcp, udp };

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  // "10.88.0.2" or "10.88.0.2/16". Error kind: broken (no address).
  static Expected<Endpoint> parse(const std::string& address, std::uint16_t port);
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::string str() const;  // "10.88.0.2:80", "[2001:db8::2]:80"
  [[nodiscard]] const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: the socket interface
  }
  [[nodiscard]] sockaddr* get() {
    return reinterpret_cast<sockaddr*>(&storage);  // NOLINT: the socket interface
  }
};

// Listens in a namespace, and answers who it is. Nothing runs: exchange() does its work.
class Server {
 public:
  // Port 0 takes a free one. The address need not be there (yet). Error kind: broken (port taken).
  static Expected<Server> listen(const std::string& netns, Transport transport,
                                 const std::string& address, std::uint16_t port);
  [[nodiscard]] const Endpoint& endpoint() const { return m_endpoint; }
  [[nodiscard]] Transport transport() const { return m_transport; }
  [[nodiscard]] int fd() const { return m_fd.get(); }

 private:
  Fd m_fd;
  Transport m_transport = Transport::tcp;
  Endpoint m_endpoint;
};

// What came of a conversation.
struct Exchange {
  // "connected" (TCP), "answered" (UDP), "refused", "timed out", "unreachable", "connected, but no
  // answer came", or what the kernel said.
  std::string saw;
  const Server* reached = nullptr;  // the server that saw the client, though its answer may be lost
  std::string source;               // the client's address as that server saw it
  bool answered = false;            // the answer of `reached` came back
};

// Connect from a namespace to an address, and wait until one of the servers has answered or the
// time is over. Error kind: broken (no such namespace).
Expected<Exchange> exchange(const std::string& netns, Transport transport, const Endpoint& to,
                            const std::vector<const Server*>& servers,
                            std::chrono::milliseconds limit);

}  // namespace cni_matrix::probe
