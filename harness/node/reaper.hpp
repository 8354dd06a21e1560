#pragma once

#include "boundary.hpp"
#include "root.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <sys/types.h>

namespace cni_matrix::node {

// The first process in the PID and user namespaces of foreign programs, seen from init. It makes
// the node's other namespaces too, since they belong to the user namespace of who makes them.
class Reaper {
 public:
  // The caller is init, at the root of its mount namespace; `proc` is a descriptor of a /proc that
  // shows its children. Error kinds: unavailable or broken, when the kernel makes no such
  // namespaces.
  static Expected<Reaper> start(const IdMap& ids, int proc);

  // The user namespace, for binds; -1 when there is none.
  [[nodiscard]] int user_namespace() const { return m_user.get(); }

  // Mount the /proc of foreign programs at `target`. Error kinds: unavailable or broken.
  [[nodiscard]] Expected<void> mount_proc(const char* target) const;

  // Go on: the caller's root is the node's. Waits until network, mounts and uplink are there.
  Expected<void> finish(int proc);

  // The calling process becomes one of the node's, with mounts of its own beside those of foreign
  // programs; what it starts apart is foreign from then on. `proc` is what becomes its /proc, and
  // it can write what is guarded.
  [[nodiscard]] Expected<void> join(const IdMap& ids, int proc,
                                    const std::vector<Guarded>& guarded) const;

  [[nodiscard]] pid_t pid() const { return m_pid; }

 private:
  pid_t m_pid = -1;
  Fd m_pidfd;
  Fd m_talk;  // a socket to it
  Fd m_user;
  Fd m_mounts;
  Fd m_network;
  Fd m_ipc;
  Fd m_host_name;
  Fd m_pids;
};

// A new mount of the /proc of the caller's PID namespace, attached nowhere. Error kinds:
// unavailable where a container forbids it, broken.
Expected<Fd> new_proc();

}  // namespace cni_matrix::node
