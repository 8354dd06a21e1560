#pragma once

#include "runtime.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/process.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace cni_matrix::containerd {

// containerd as a process: from its configuration file to its open socket.
class Daemon {
 public:
  // Write the configuration, start containerd and wait until its socket accepts a connection.
  // Error kind: broken, with the end of the log; unavailable when the binary does not run here;
  // input when it does not take the configuration file, in its own words.
  static Expected<Daemon> start(const ContainerdOptions& options);

  // Wait until it ends, at most for `timeout`. True when it ended.
  [[nodiscard]] bool ended_within(std::chrono::milliseconds timeout) const;
  // SIGTERM, and wait. Error kind: broken when it does not end in time; it is killed then.
  Expected<void> stop();
  // SIGKILL, and wait.
  Expected<void> kill();
  [[nodiscard]] int pid() const { return m_process.pid(); }
  // What it has logged since its start.
  [[nodiscard]] std::string log() const;
  // `what`, and why: the last lines of the log. Of kind input, and the refusal alone, when the
  // configuration is what it does not take.
  [[nodiscard]] Error error(const std::string& what) const;

 private:
  explicit Daemon(ContainerdOptions options) : m_options(std::move(options)) {}
  Expected<void> end(int signal);

  ContainerdOptions m_options;
  std::size_t m_log_start = 0;  // the file has the log of earlier daemons too
  BackgroundProcess m_process;
};

// What containerd and its ctr are started with. Its own folder comes first in PATH, so that the
// shim is of the same version: containerd looks it up there.
std::vector<std::string> daemon_environment(const ContainerdOptions& options);

}  // namespace cni_matrix::containerd
