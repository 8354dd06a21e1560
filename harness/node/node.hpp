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

// A file that is made for a node, read-only there. Where nodes have ids of their own it belongs to
// none of them: without read permission for others nobody in the node can read it.
struct NodeFile {
  std::filesystem::path target;
  std::string content;
  mode_t mode = 0444;
};

struct NodeOptions {
  std::vector<Bind> binds;
  std::vector<NodeFile> files;
  bool privileged = false;  // root's nodes without a user namespace and without forbidden calls
  std::size_t size_bytes = 512U << 20U;  // limit of the tmpfs that is the node's root
  // Write a line for each forbidden call to the node's output when the worker has ended.
  bool tell_denied = false;
  // After the worker's end, stay until the scheduler lets go, so that a person can look around.
  bool keep = false;
};

// How a node ended. CPU times are of every process that was ever in it, in microseconds.
struct NodeEnding {
  int exit_code = -1;  // of the worker; -1 when a signal ended the node
  int signal = 0;
  std::int64_t cpu_us = 0;
};

// The throw-away machine of one cell: new network, mount, PID, IPC, UTS and user namespaces with a
// root of its own. When its init dies, whatever the reason, the kernel takes processes, mounts,
// links and rules away: nothing of it has a name on the host.
//
//   init    PID 1; outside the node's user namespace, so that nothing in it reaches it
//   reaper  PID 1 of the PID namespace of foreign programs, which it reaps
//   worker  in the node's user namespace, and where foreign programs do not see it
//
// What the worker starts apart (base/apart.hpp) is foreign. Init dies with the thread that called
// start() (PDEATHSIG and a pipe), and on kill().
class Node {
 public:
  // Runs inside the node as its root. What it writes to `output` the owner reads from
  // Node::output(). Returns the exit status. `setup_cpu_us` is what init itself used so far.
  using Worker = std::function<int(int output, std::int64_t setup_cpu_us)>;

  // The caller must be single-threaded. Errors inside the node come later, as a line on output()
  // that starts with '!' (see parse_setup_error). With tell_denied, after the worker's end,
  // a line that starts with '?' names a forbidden system call: "?bpf (CAP_BPF) by cilium-cni".
  // Error kind: unavailable when the kernel forbids such namespaces, with the switch to change;
  // broken otherwise.
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

// The line with which init says that the node could not be made, and the Error that it stands for;
// it starts with '!'.
std::string setup_error_line(const Error& error);
Error parse_setup_error(const std::string& line);

// Whether nodes can be made here, and what then holds them (name_of(Boundary)). Error kinds:
// unavailable or broken, with the reason and the cure.
Expected<std::string> check_privileges(bool privileged = false);

// A shell (argv, on our terminal) inside the node whose init is `pid`, among its foreign programs;
// returns its exit status. Error kind: input, when there is no such node.
Expected<int> enter(pid_t pid, const std::vector<std::string>& argv);

}  // namespace cni_matrix::node
