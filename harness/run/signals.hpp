#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

namespace cni_matrix::run {

// SIGINT, SIGTERM and SIGHUP as a readable descriptor, for as long as this object lives. The first
// one is only noted, so that what it ends can be ended in good order; a second one ends the program
// at once (its nodes die with it). Objects within the life of another one share its signals.
class StopSignals {
 public:
  static Expected<StopSignals> catch_them();
  StopSignals(StopSignals&& other) noexcept;
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

  // The signal that came while such an object lived, 0 when none did. Takes nothing away; what an
  // error of kind interrupted is about, also when the object is gone.
  static int pending();

  [[nodiscard]] int fd() const;
  // As pending(), and takes it off the descriptor: 0 from then on.
  [[nodiscard]] int came() const;

 private:
  StopSignals() = default;
  bool m_counts = false;  // not moved from
};

}  // namespace cni_matrix::run
