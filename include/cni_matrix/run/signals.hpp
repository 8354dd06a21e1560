#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <csignal>

namespace cni_matrix::run {

// SIGINT, SIGTERM and SIGHUP as a readable descriptor, for as long as this object lives.
class StopSignals {
 public:
  static Expected<StopSignals> catch_them();
  StopSignals(StopSignals&& other) noexcept;
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  StopSignals& operator=(StopSignals&&) = delete;
  ~StopSignals();

  [[nodiscard]] int fd() const { return m_fd.get(); }
  [[nodiscard]] bool came() const;  // takes them off the descriptor

 private:
  StopSignals() = default;
  Fd m_fd;
  sigset_t m_before{};
};

}  // namespace cni_matrix::run
