#include "signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace cni_matrix::run {

Expected<StopSignals> StopSignals::catch_them() {
  StopSignals signals;
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&wanted, number);
  }
  if (::sigprocmask(SIG_BLOCK, &wanted, &signals.m_before) != 0) {
    return system_error("cannot block signals");
  }
  signals.m_fd.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.m_fd) {
    return system_error("cannot make a signalfd");
  }
  return signals;
}

StopSignals::StopSignals(StopSignals&& other) noexcept
    : m_fd(std::move(other.m_fd)), m_before(other.m_before) {}

StopSignals::~StopSignals() {
  if (m_fd) {
    ::sigprocmask(SIG_SETMASK, &m_before, nullptr);
  }
}

int StopSignals::came() const {
  signalfd_siginfo info{};
  int first = 0;
  while (::read(m_fd.get(), &info, sizeof info) > 0) {
    first = first == 0 ? static_cast<int>(info.ssi_signo) : first;
  }
  return first;
}

}  // namespace cni_matrix::run
