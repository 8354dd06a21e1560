#include "exchange.hpp"

#include "network.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

namespace cni_matrix::probe {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds k_repeat{200};  // a datagram may be lost while a neighbour is looked up
constexpr std::string_view k_question = "who";

int socket_type(Transport transport) {
  return transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
}

// A server's answer: its address and port, and where it listens is its alone in this process.
std::string answer_of(const Server& server) {
  return fmt::format("cni-matrix {} {}", server.fd(), server.endpoint().str());
}

std::string words(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "refused";
    case ETIMEDOUT:
      return "timed out";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "unreachable";
    default:
      return std::strerror(number);  // NOLINT(concurrency-mt-unsafe)
  }
}

// One conversation, step by step as its sockets become ready.
class Conversation {
 public:
  Conversation(Fd client, Transport transport, const std::vector<const Server*>& servers)
      : m_client(std::move(client)), m_transport(transport), m_servers(servers) {}

  Exchange hold(const Endpoint& to, milliseconds limit) {
    if (::connect(m_client.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
      end(words(errno));
    }
    const auto deadline = Clock::now() + limit;
    auto ask_at = Clock::now();
    while (!m_ended) {
      const auto now = Clock::now();
      if (now >= deadline) {
        end(m_connected ? "connected, but no answer came" : "timed out");
        break;
      }
      auto wake = deadline;
      if (m_transport == Transport::udp) {
        if (now >= ask_at) {
          ask();
          ask_at = now + k_repeat;
        }
        wake = std::min(wake, ask_at);
      }
      wait(std::chrono::ceil<milliseconds>(wake - now));
    }
    return std::move(m_seen);
  }

 private:
  void end(std::string saw) {
    m_seen.saw = std::move(saw);
    m_ended = true;
  }

  // An error of a UDP socket (an ICMP message) shows at the next call.
  void ask() {
    if (::send(m_client.get(), k_question.data(), k_question.size(), MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN) {
      end(words(errno));
    }
  }

  void wait(milliseconds limit) {
    if (m_ended) {
      return;
    }
    const bool connecting = m_transport == Transport::tcp && !m_connected;
    std::vector<pollfd> fds = {
        {m_client.get(), static_cast<short>(connecting ? POLLOUT : POLLIN), 0}};
    for (const auto* server : m_servers) {
      fds.push_back({server->fd(), POLLIN, 0});
    }
    if (::poll(fds.data(), fds.size(), static_cast<int>(limit.count())) <= 0) {
      return;
    }
    // Servers first: what reached one counts even if the client has given up.
    for (std::size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents != 0) {
        serve(*m_servers[i - 1]);
      }
    }
    if (fds[0].revents != 0) {
      connecting ? finish_connecting() : read_answer();
    }
  }

  void serve(const Server& server) {
    Endpoint client;
    client.size = sizeof client.storage;
    const auto answer = answer_of(server);
    if (server.transport() == Transport::tcp) {
      Fd connection(::accept4(server.fd(), client.get(), &client.size, SOCK_CLOEXEC));
      if (!connection) {
        return;
      }
      (void)!::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      m_connections.push_back(std::move(connection));
    } else {
      std::array<char, 64> question{};
      const auto count =
          ::recvfrom(server.fd(), question.data(), question.size(), 0, client.get(), &client.size);
      if (count < 0) {
        return;
      }
      (void)::sendto(server.fd(), answer.data(), answer.size(), MSG_NOSIGNAL, client.get(),
                     client.size);
    }
    m_seen.reached = &server;
    m_seen.source = client.address();
  }

  void finish_connecting() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(m_client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      end(words(error));
    }
    m_connected = error == 0;
  }

  void read_answer() {
    std::array<char, 256> buffer{};
    const auto count = ::recv(m_client.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) {
      if (errno != EAGAIN) {
        end(words(errno));
      }
      return;
    }
    m_seen.answered = m_seen.reached != nullptr &&
                      std::string_view(buffer.data(), static_cast<std::size_t>(count)) ==
                          answer_of(*m_seen.reached);
    const char* good = m_transport == Transport::tcp ? "connected" : "answered";
    end(m_seen.answered ? good : "connected to something that is none of the probe's servers");
  }

  Fd m_client;
  Transport m_transport;
  const std::vector<const Server*>& m_servers;
  std::vector<Fd> m_connections;
  Exchange m_seen;
  bool m_connected = false;
  bool m_ended = false;
};

}  // namespace

Expected<Endpoint> Endpoint::parse(const std::string& address, std::uint16_t port) {
  Endpoint made;
  const auto ip = address.substr(0, address.find('/'));
  auto* v4 = reinterpret_cast<sockaddr_in*>(&made.storage);   // NOLINT
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&made.storage);  // NOLINT
  if (::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    made.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    made.size = sizeof *v6;
  } else {
    return broken("\"{}\" is no IP address to probe", address);
  }
  return made;
}

std::uint16_t Endpoint::port() const {
  // Both families have it at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);  // NOLINT
}

std::string Endpoint::address() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);  // NOLINT
    ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  } else {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);  // NOLINT
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::string Endpoint::str() const {
  return family() == AF_INET ? fmt::format("{}:{}", address(), port())
                             : fmt::format("[{}]:{}", address(), port());
}

Expected<Server> Server::listen(const std::string& netns, Transport transport,
                                const std::string& address, std::uint16_t port) {
  Server server;
  server.m_transport = transport;
  TRY_ASSIGN(server.m_endpoint, Endpoint::parse(address, port));
  auto& endpoint = server.m_endpoint;
  TRY_ASSIGN(server.m_fd, socket_in(netns, endpoint.family(), socket_type(transport)));
  const int on = 1;
  ::setsockopt(server.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.family() == AF_INET) {
    ::setsockopt(server.fd(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
  } else {
    ::setsockopt(server.fd(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
  }
  if (::bind(server.fd(), endpoint.get(), endpoint.size) != 0 ||
      (transport == Transport::tcp && ::listen(server.fd(), 8) != 0) ||
      ::getsockname(server.fd(), endpoint.get(), &endpoint.size) != 0) {
    return system_error(fmt::format("the probe cannot listen on {} in {}", endpoint.str(),
                                    netns.empty() ? "the node" : netns));
  }
  return server;
}

Expected<Exchange> exchange(const std::string& netns, Transport transport, const Endpoint& to,
                            const std::vector<const Server*>& servers, milliseconds limit) {
  TRY_ASSIGN(auto client, socket_in(netns, to.family(), socket_type(transport)));
  return Conversation(std::move(client), transport, servers).hold(to, limit);
}

}  // namespace cni_matrix::probe
