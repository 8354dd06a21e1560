#include "xtables_lock.hpp"

#include <cni_matrix/base/fd.hpp>

#include <utility>

#include <fcntl.h>
#include <sys/file.h>

namespace cni_matrix::scenario {

namespace {

constexpr const char* k_lock = "/run/xtables.lock";  // XT_LOCK_NAME of iptables

}  // namespace

XtablesLock::~XtablesLock() {
  let_go();
}

Expected<void> XtablesLock::hold(std::chrono::milliseconds time) {
  let_go();
  Fd lock(::open(k_lock, O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return system_error(fmt::format("cannot lock {}", k_lock));
  }
  m_ended = false;
  m_holder = std::thread([this, time, lock = std::move(lock)] {
    std::unique_lock guard(m_mutex);
    m_end.wait_for(guard, time, [this] { return m_ended; });
  });
  return {};
}

void XtablesLock::let_go() {
  if (!m_holder.joinable()) {
    return;
  }
  {
    const std::lock_guard guard(m_mutex);
    m_ended = true;
  }
  m_end.notify_one();
  m_holder.join();
}

}  // namespace cni_matrix::scenario
