#include "worker.hpp"

#include "../refusal.hpp"
#include "secret_slot.hpp"
#include "streams.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <limits.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

// A worker that is alive answers within a millisecond, or late on a machine that is busy.
constexpr timeval k_patience = {30, 0};

[[noreturn]] void give_up(const char* what, const char* socket) {
  char why[PATH_MAX + 128];
  std::snprintf(why, sizeof(why), "%s %s: %s", what, socket,
                errno == EAGAIN ? "no answer" : std::strerror(errno));
  refuse(why);
}

Fd connect_to(const char* socket) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (std::strlen(socket) >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    give_up("cannot reach the worker at", socket);
  }
  std::strcpy(address.sun_path, socket);  // NOLINT: the size was checked
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &k_patience, sizeof(k_patience));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &k_patience, sizeof(k_patience));
  int connected = -1;
  do {
    connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) {
    give_up("cannot reach the worker at", socket);
  }
  return fd;
}

bool read_all(int fd, unsigned char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t count = read_again(fd, reinterpret_cast<char*>(to), size);
    if (count <= 0) {
      errno = count == 0 ? ECONNRESET : errno;
      return false;
    }
    to += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Worker meet_worker(const char* socket) {
  Fd fd = connect_to(socket);
  char hello[k_hello_size];
  std::memcpy(hello, k_magic, k_magic_size);
  auto* const nonce = reinterpret_cast<unsigned char*>(hello + k_magic_size);
  unsigned char answer[k_nonce_size + k_proof_size];
  if (!random_bytes(nonce, k_nonce_size) || !send_all(fd.get(), hello, sizeof(hello)) ||
      !read_all(fd.get(), answer, sizeof(answer))) {
    give_up("the worker does not answer at", socket);
  }
  unsigned char secret[k_secret_size];
  copy_secret(secret);
  const ConnectionProof proof(secret, nonce, answer);
  unsigned char expected[k_proof_size];
  proof.of_worker(expected);
  if (!same_bytes(expected, answer + k_nonce_size, k_proof_size)) {
    errno = EACCES;
    give_up("it is not the worker that answers at", socket);
  }
  return {std::move(fd), proof};
}

bool send_all(int fd, const char* from, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::send(fd, from, size, MSG_NOSIGNAL);
    if (count >= 0) {
      from += count;
      size -= static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void refuse(const char* why) {
  char text[PATH_MAX + 512];
  int size = std::snprintf(text, sizeof(text), R"({"cniVersion":"1.0.0","code":999,"msg":"%s%s"})",
                           k_refusal, why);
  write_all(STDOUT_FILENO, text, static_cast<std::size_t>(size));
  size = std::snprintf(text, sizeof(text), "%s%s\n", k_refusal, why);
  write_all(STDERR_FILENO, text, static_cast<std::size_t>(size));
  ::_exit(k_refused_status);
}

}  // namespace cni_matrix::recorder
