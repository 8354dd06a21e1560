#pragma once

#include <cni_matrix/base/error.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace cni_matrix::scenario {

// Somebody else has /run/xtables.lock, as while kube-proxy restores its rules. iptables-legacy
// waits for it, without end when it is called with --wait; iptables-nft does not take it at all.
class XtablesLock {
 public:
  XtablesLock() = default;
  XtablesLock(const XtablesLock&) = delete;
  XtablesLock& operator=(const XtablesLock&) = delete;
  ~XtablesLock();  // lets go

  // From now on, for so long. One that is still held is let go first. Error kind: broken, also when
  // another has the lock.
  Expected<void> hold(std::chrono::milliseconds time);

 private:
  void let_go();

  std::thread m_holder;
  std::mutex m_mutex;
  std::condition_variable m_end;
  bool m_ended = false;
};

}  // namespace cni_matrix::scenario
