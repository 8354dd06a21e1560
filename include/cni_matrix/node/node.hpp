#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cni_matrix::node {

// A file or folder of the host that a node sees, read-only, at `target`.
struct Bind {
  std::filesystem::path source;
  std::filesystem::path target;
};

struct NodeOptions {
  std::vector<Bind> binds;
  std::size_t size_bytes = 512U << 20U;  // limit of the tmpfs that is the node's root
  // After the worker's end, stay until the scheduler lets go, so that a person can look around.
  bool keep = false;
};

// How a node ended. CPU times are of every process that was ever in it, in microseconds.
struct NodeEnding {
  int exit_code = -1;  // of the worker; -1 when a signal ended the node
  int signal = 0;
  std::int64_t cpu_us = 0;
};

// The throw-away machine of one cell: new network, mount, PID, IPC and UTS namespaces (and a user
// namespace for an ordinary user) with a root of its own. When its init dies, whatever the reason,
// the kernel takes processes, mounts, links and rules away: nothing of it has a name on the host.
//
// Init dies with the thread that called start() (PDEATHSIG and a pipe), and on kill().
class Node {
 public:
  // Runs inside the node as its root, single-threaded at first. What it writes to `output` the
  // owner reads from Node::output(). Returns the exit status. `setup_cpu_us` is what init itself
  // used so far.
  using Worker = std::function<int(int output, std::int64_t setup_cpu_us)>;

  // The caller must be single-threaded. Errors inside the node come later, as a line on output()
  // that starts with '!' (see parse_setup_error). Error kind: unavailable when the kernel forbids
  // such namespaces, with the switch to change; broken otherwise.
  static Expected<Node> start(const NodeOptions& options, const Worker& worker);

  Node() = default;
  Node(Node&& other) noexcept;
  Node& operator=(Node&& other) noexcept;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();  // kills and reaps

  [[nodiscard]] pid_t pid() const { return m_pid; }            // of init, as the host sees it
  [[nodiscard]] int pidfd() const { return m_pidfd.get(); }    // readable when init has ended
  [[nodiscard]] int output() const { return m_output.get(); }  // non-blocking
  void kill() const;                                           // SIGKILL to init
  NodeEnding reap();                                           // waits for the end

 private:
  pid_t m_pid = -1;
  Fd m_pidfd;
  Fd m_output;
  Fd m_alive;  // its end of file tells init that we are gone
};

// A line that init wrote because the node could not be made, as an Error; `line` starts with '!'.
Error parse_setup_error(const std::string& line);

// Whether nodes can be made here: "root", or "user namespace". Error kind: unavailable, with the
// reason and the cure.
Expected<std::string> check_privileges();

// A shell (argv, on our terminal) inside the node whose init is `pid`; returns its exit status.
Expected<int> enter(pid_t pid, const std::vector<std::string>& argv);

}  // namespace cni_matrix::node
