#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <set>
#include <string>

namespace cni_matrix::node {

// Let this process and its descendants no longer make the system calls that neither containerd nor
// runc nor a plugin needs, and that are about the machine rather than about a node. The result is
// where such calls are announced; somebody has to answer them (DeniedCalls). The caller needs
// CAP_SYS_ADMIN in its user namespace. Error kind: broken.
Expected<Fd> forbid_calls();

// Answers forbidden calls with the error that the kernel gives to a caller without the capability,
// and remembers which they were.
class DeniedCalls {
 public:
  // `proc` is a descriptor of a /proc in which the callers are seen.
  DeniedCalls(int listener, int proc) : m_listener(listener), m_proc(proc) {}

  void answer();  // what is waiting at the listener

  // "bpf (CAP_BPF) by cilium-cni"; of many different ones only the first.
  [[nodiscard]] const std::set<std::string>& seen() const { return m_seen; }

 private:
  int m_listener;
  int m_proc;
  std::set<std::string> m_seen;
};

}  // namespace cni_matrix::node
