#include "signals.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cni_matrix::run {

namespace {

constexpr std::array k_signals = {SIGINT, SIGTERM, SIGHUP};
// A wrapper and a terminal may both pass on one Ctrl-C.
constexpr std::int64_t k_same_us = 100'000;

// What the handler works on: a signal is the process's, so there is one.
struct State {
  int users = 0;
  Fd event;
  std::array<struct sigaction, k_signals.size()> before{};
};
State& state() {
  static State instance;
  return instance;
}
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): a signal handler reads them
volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t event_fd = -1;
volatile std::sig_atomic_t owner = 0;
std::int64_t first_us = 0;  // only the handler uses it
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

std::int64_t now_us() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

// Only async-signal-safe calls (signal-safety(7)).
void note(int number) {
  if (::getpid() != owner) {
    return;  // a child on its way to another program: that is ended by us
  }
  const int saved = errno;
  if (first_signal == 0) {
    first_signal = number;
    first_us = now_us();
    const std::uint64_t one = 1;
    if (::write(event_fd, &one, sizeof one) < 0) {
      // The descriptor is readable already.
    }
  } else if (now_us() - first_us > k_same_us) {
    // Whoever asks again does not want to wait: as it was before us, which tells the last line.
    for (std::size_t i = 0; i < k_signals.size(); ++i) {
      if (k_signals[i] == number) {
        ::sigaction(number, &state().before[i], nullptr);
      }
    }
    ::raise(number);  // takes effect when we return
  }
  errno = saved;
}

}  // namespace

Expected<StopSignals> StopSignals::catch_them() {
  auto& shared = state();
  StopSignals signals;
  if (shared.users > 0) {
    ++shared.users;
    signals.m_counts = true;
    return signals;
  }
  shared.event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared.event) {
    return system_error("cannot make an eventfd");
  }
  first_signal = 0;
  event_fd = shared.event.get();
  owner = ::getpid();
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;
  for (const int number : k_signals) {
    sigaddset(&action.sa_mask, number);
  }
  for (std::size_t i = 0; i < k_signals.size(); ++i) {
    ::sigaction(k_signals[i], nullptr, &shared.before[i]);
    // nohup and shells' background jobs ask us to ignore one.
    if (shared.before[i].sa_handler != SIG_IGN) {
      ::sigaction(k_signals[i], &action, nullptr);
    }
  }
  shared.users = 1;
  signals.m_counts = true;
  return signals;
}

StopSignals::StopSignals(StopSignals&& other) noexcept
    : m_counts(std::exchange(other.m_counts, false)) {}

StopSignals::~StopSignals() {
  auto& shared = state();
  if (!m_counts || --shared.users > 0) {
    return;
  }
  for (std::size_t i = 0; i < k_signals.size(); ++i) {
    ::sigaction(k_signals[i], &shared.before[i], nullptr);
  }
  shared.event.reset();
}

int StopSignals::pending() {
  return first_signal;
}

int StopSignals::fd() const {
  return state().event.get();
}

int StopSignals::came() const {
  std::uint64_t count = 0;
  return ::read(state().event.get(), &count, sizeof count) > 0 ? static_cast<int>(first_signal) : 0;
}

}  // namespace cni_matrix::run
