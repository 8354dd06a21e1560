// Services of the host, by sockets, queues, shared memory and keys.

#include "tools.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace hostile {
namespace {

Outcome connect_unix(const std::string& name, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t skip = abstract ? 1 : 0;
  std::memcpy(address.sun_path + skip, name.data(),
              std::min(name.size(), sizeof address.sun_path - 2));
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + skip + name.size() + 1 - skip);
  const File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface
  return judge(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size));
}

Outcome unix_socket(const Target& target) {
  return connect_unix(target.socket, false);
}

Outcome abstract_socket(const Target& target) {
  return connect_unix(target.abstract_name, true);
}

Outcome loopback(const Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(target.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const File socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface
  return judge(
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

Outcome shared_memory(const Target& target) {
  return judge(::shmget(target.memory_key, 1, 0));
}

Outcome message_queue(const Target& target) {
  const mqd_t queue = ::mq_open(target.queue.c_str(), O_RDONLY | O_NONBLOCK);
  if (queue < 0) {
    return refused(errno);
  }
  ::mq_close(queue);
  return reached();
}

// The test left one in the session keyring, which is inherited, and one in the user's.
Outcome key(const Target&) {
  int error = 0;
  for (const int keyring : {KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING}) {
    if (::syscall(SYS_keyctl, KEYCTL_SEARCH, keyring, "user", "cni-matrix-hostile", 0) >= 0) {
      return reached(keyring == KEY_SPEC_SESSION_KEYRING ? "session" : "user");
    }
    error = errno;
  }
  return refused(error);
}

}  // namespace

std::vector<Attempt> attempts_on_sockets() {
  constexpr auto k_area = "services";
  return {{k_area, "connect to a Unix socket of the host", unix_socket},
          {k_area, "connect to an abstract socket of the host", abstract_socket},
          {k_area, "connect to the host's loopback", loopback},
          {k_area, "shmget of a key of the host", shared_memory},
          {k_area, "mq_open of a queue of the host", message_queue},
          {k_area, "find a key of the host's keyrings", key}};
}

}  // namespace hostile
