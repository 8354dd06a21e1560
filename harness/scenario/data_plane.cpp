#include "data_plane.hpp"

#include <cni_matrix/base/fd.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::scenario {

namespace {

constexpr int k_pod_port = 80;
constexpr int k_limit_ms = 3'000;
constexpr const char* k_outside = "/run/cni-matrix/outside";
constexpr const char* k_node_address = "192.0.2.2";  // node/uplink.hpp

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);  // NOLINT: the socket interface
  }
};

Expected<Endpoint> endpoint(std::string ip, int port) {
  Endpoint made;
  if (const auto slash = ip.find('/'); slash != std::string::npos) {
    ip.resize(slash);
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&made.storage);   // NOLINT
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&made.storage);  // NOLINT
  if (::inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    made.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    made.size = sizeof *v6;
  } else {
    return broken("the pod's address \"{}\" is none", ip);
  }
  return made;
}

// Run `work` in another network namespace, in a process of its own (setns is per thread); the text
// it returns comes back, empty for success.
std::string in_namespace(const std::string& netns, const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return "cannot make a pipe";
  }
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Fd target(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text = !target || ::setns(target.get(), CLONE_NEWNET) != 0
                           ? fmt::format("cannot enter {}", netns)
                           : work();
    (void)!::write(write_end.get(), text.data(), text.size());
    ::_exit(0);
  }
  write_end.reset();
  std::string text = pid < 0 ? "cannot start a process" : "";
  std::array<char, 512> buffer{};
  for (ssize_t count = 0; (count = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (pid > 0) {
    ::waitpid(pid, nullptr, 0);
  }
  return text;
}

// Connect and read the pod's greeting. Empty when it came.
std::string greet(const Endpoint& to) {
  const Fd socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  pollfd fd{socket.get(), POLLOUT, 0};
  const auto failure = [](int number) -> std::string {
    return std::strerror(number);  // NOLINT(concurrency-mt-unsafe)
  };
  if (::connect(socket.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
    return failure(errno);
  }
  if (::poll(&fd, 1, k_limit_ms) <= 0) {
    return "timed out";
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return failure(error);
  }
  fd.events = POLLIN;
  std::array<char, 8> buffer{};
  if (::poll(&fd, 1, k_limit_ms) <= 0) {
    return "connected, but no answer came";
  }
  const auto count = ::read(socket.get(), buffer.data(), buffer.size());
  return count == 3 && std::memcmp(buffer.data(), "pod", 3) == 0
             ? ""
             : "connected, but to something else than the pod";
}

std::string loopback_down() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  const bool up = ::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0 &&
                  (static_cast<unsigned>(request.ifr_flags) & IFF_UP) != 0;
  return up ? "" : "lo is down in the pod";
}

// A server in the pod, for as long as this object lives.
class Greeter {
 public:
  static Expected<Greeter> start(const std::string& netns) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return system_error("cannot make a pipe");
    }
    const Fd ready(ends[0]);
    Fd signal(ends[1]);
    Greeter greeter;
    greeter.m_pid = ::fork();
    if (greeter.m_pid == 0) {
      serve(netns, signal.get());
    }
    signal.reset();
    char byte = 0;
    if (greeter.m_pid < 0 || ::read(ready.get(), &byte, 1) != 1) {
      return broken("cannot listen in the pod's network namespace {}", netns);
    }
    return greeter;
  }
  Greeter(Greeter&& other) noexcept : m_pid(std::exchange(other.m_pid, -1)) {}
  Greeter& operator=(Greeter&&) = delete;
  ~Greeter() {
    if (m_pid > 0) {
      ::kill(m_pid, SIGKILL);
      ::waitpid(m_pid, nullptr, 0);
    }
  }

 private:
  Greeter() = default;

  [[noreturn]] static void serve(const std::string& netns, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Fd target(::open(netns.c_str(), O_RDONLY | O_CLOEXEC));
    if (!target || ::setns(target.get(), CLONE_NEWNET) != 0) {
      ::_exit(1);
    }
    // One socket for both families: IPv4 comes as a mapped address.
    const Fd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(k_pod_port);
    const int off = 0;
    ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) != 0 ||  // NOLINT
        ::listen(listener.get(), 16) != 0 || ::write(ready, "x", 1) != 1) {
      ::_exit(1);
    }
    for (;;) {
      const Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      (void)!::write(client.get(), "pod", 3);
    }
  }

  pid_t m_pid = -1;
};

}  // namespace

Expected<void> probe_data_plane(const DataPlane& plane) {
  if (plane.ips.empty()) {
    return broken("the runtime reports no address of the pod");
  }
  if (const auto down = in_namespace(plane.netns, loopback_down); !down.empty()) {
    return broken("{}", down);
  }
  CNI_MATRIX_TRY_ASSIGN(const auto greeter, Greeter::start(plane.netns));
  for (const auto& ip : plane.ips) {
    CNI_MATRIX_TRY_ASSIGN(const auto to, endpoint(ip, k_pod_port));
    if (const auto seen = greet(to); !seen.empty()) {
      return broken("node to pod {} port {}: {}", ip, k_pod_port, seen);
    }
  }
  for (const auto& mapping : plane.port_mappings) {
    if (mapping.protocol != "tcp" || mapping.host_port == 0) {
      continue;
    }
    CNI_MATRIX_TRY_ASSIGN(const auto to, endpoint(k_node_address, mapping.host_port));
    if (const auto seen = in_namespace(k_outside, [&] { return greet(to); }); !seen.empty()) {
      return broken("outside to host port {}: {}", mapping.host_port, seen);
    }
  }
  return {};
}

}  // namespace cni_matrix::scenario
