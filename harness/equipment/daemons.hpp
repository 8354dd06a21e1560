#pragma once

#include "description.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/process.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cni_matrix::equipment {

// The daemons of a node, which end with this object. Inside the node. Error kinds of its functions:
// input, when a daemon does not do as its description says, with what it printed last; broken.
class Daemons {
 public:
  // `description` outlives this object.
  explicit Daemons(const NodeDescription& description) : m_description(description) {}
  Daemons(const Daemons&) = delete;
  Daemons& operator=(const Daemons&) = delete;
  ~Daemons();

  // Each in its turn, until it is ready.
  Expected<void> start_all();
  // One that does not run, until it is ready.
  Expected<void> start(const std::string& name);
  // SIGTERM to its process group, and SIGKILL where it does not end within its time, which is an
  // error; it is not started again.
  Expected<void> stop(const std::string& name);
  // SIGKILL.
  Expected<void> kill(const std::string& name);
  void kill_all();
  // Until one that runs is ready.
  Expected<void> await(const std::string& name);

  // A daemon that ended though nobody ended it.
  struct End {
    const Daemon* daemon = nullptr;
    std::string how;  // "it ended with status 1; it said: ..."
  };
  // Those that did so since the last call.
  std::vector<End> ended();

  // Whether a process is one of them or of their children that are in its process group.
  [[nodiscard]] bool have(pid_t pid) const;

 private:
  struct Running {
    const Daemon* daemon;
    BackgroundProcess process;
    std::size_t log_start;
  };

  [[nodiscard]] const Daemon& described(const std::string& name) const;
  Running* find(const std::string& name);
  Expected<void> wait_until_ready(Running& running);
  Expected<void> end(const std::string& name, int signal);
  static std::string ending_of(Running& running);
  void forget(const Running& running);

  const NodeDescription& m_description;
  std::vector<Running> m_running;
  std::set<pid_t> m_groups;
};

}  // namespace cni_matrix::equipment
