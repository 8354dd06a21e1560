#include "peer.hpp"

#include "base/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace cni_matrix::recorder {
namespace {

constexpr int k_so_peerpidfd = 77;  // SO_PEERPIDFD of Linux 6.5; Debian 12's headers lack it

// 0 when that cannot be said. See proc(5), /proc/pid/stat: the name in parentheses may hold
// anything, so the fields are counted from the last ')'. Everybody may read this file.
pid_t parent_of(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  const auto name_end = stat ? stat->rfind(')') : std::string::npos;
  if (name_end == std::string::npos || stat->size() < name_end + 5) {
    return 0;
  }
  pid_t parent = 0;
  std::from_chars(stat->data() + name_end + 4, stat->data() + stat->size(), parent);  // ") S PPID"
  return parent;
}

}  // namespace

bool identify(const std::filesystem::path& file, FileIdentity& identity) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return false;
  }
  identity = {status.st_dev, status.st_ino};
  return true;
}

Peer peer_of(const Fd& connection) {
  Peer peer;
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    peer.pid = credentials.pid;
  }
  int handle = -1;
  size = sizeof(handle);
  if (::getsockopt(connection.get(), SOL_SOCKET, k_so_peerpidfd, &handle, &size) == 0) {
    peer.handle.reset(handle);
  }
  return peer;
}

PeerProgram program_of(const Peer& peer, const FileIdentity& expected) {
  if (peer.pid <= 0) {
    return PeerProgram::another;
  }
  FileIdentity seen;
  const bool looked = identify(fmt::format("/proc/{}/exe", peer.pid), seen);
  const int number = errno;
  pollfd ended{peer.handle.get(), POLLIN, 0};
  if (peer.handle && ::poll(&ended, 1, 0) > 0) {
    return PeerProgram::gone;  // and the number may be another's
  }
  if (!looked) {
    return number == EACCES || number == EPERM ? PeerProgram::hidden : PeerProgram::gone;
  }
  return seen == expected ? PeerProgram::expected : PeerProgram::another;
}

std::vector<pid_t> ancestors_of(pid_t pid) {
  // Four are usual (plugin, recorder, containerd, init); a script as plugin adds a few.
  constexpr std::size_t k_most = 32;
  std::vector<pid_t> ancestors;
  for (pid = parent_of(pid); pid > 0 && ancestors.size() < k_most; pid = parent_of(pid)) {
    ancestors.push_back(pid);
  }
  return ancestors;
}

}  // namespace cni_matrix::recorder
