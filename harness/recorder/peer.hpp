#pragma once

#include <cni_matrix/base/fd.hpp>

#include <filesystem>
#include <vector>

#include <sys/types.h>

// Who is at the other end of a connection, as the kernel says it.
namespace cni_matrix::recorder {

// A file, whatever its name.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// False when there is none.
bool identify(const std::filesystem::path& file, FileIdentity& identity);

struct Peer {
  pid_t pid = 0;  // as this process counts; 0 when it cannot be seen from here
  Fd handle;      // a pidfd, so that the number stays its own; invalid before Linux 6.5
};

Peer peer_of(const Fd& connection);

enum class PeerProgram {
  expected,
  another,
  hidden,  // it may not be looked at, as that of a recorder which nobody can read
  gone,
};

// What the peer runs. That it is `expected` proves little: whoever has connected may become another
// program by exec. It does prove that a program which is not was not the recorder.
PeerProgram program_of(const Peer& peer, const FileIdentity& expected);

// The process's parent, that one's parent, ... up to init, at most 32. Empty when it is gone.
std::vector<pid_t> ancestors_of(pid_t pid);

}  // namespace cni_matrix::recorder
