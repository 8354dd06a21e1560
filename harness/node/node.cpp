#include "node.hpp"

#include "boundary.hpp"
#include "init.hpp"

#include "base/cpu_time.hpp"
#include "base/text.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

Expected<Node> Node::start(const NodeOptions& options, const Worker& worker) {
  TRY_ASSIGN(const auto* ids, node_ids(options.privileged));
  int alive[2];
  int output[2];
  if (::pipe2(alive, O_CLOEXEC) != 0) {
    return system_error("cannot make a pipe");
  }
  Fd alive_read(alive[0]);
  Node node;
  node.m_alive.reset(alive[1]);
  if (::pipe2(output, O_CLOEXEC) != 0) {
    return system_error("cannot make a pipe");
  }
  node.m_output.reset(output[0]);
  const Fd output_write(output[1]);
  ::fcntl(node.m_output.get(), F_SETFL, O_NONBLOCK);
  std::fflush(nullptr);
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();

  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_PIDFD;
  if (ids->boundary == Boundary::user) {
    arguments.flags |= CLONE_NEWUSER;
  }
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);  // NOLINT: the kernel's interface
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) {
    const int number = errno;
    if (number == EAGAIN || number == ENOMEM) {
      errno = number;
      return system_error("cannot start a node");
    }
    return unavailable("cannot make a node's namespaces ({}): {}",
                       std::strerror(number),  // NOLINT(concurrency-mt-unsafe)
                       cure_of_refused_namespaces(number));
  }
  if (pid == 0) {
    run_init({&options, &worker, ids, uid, gid, alive_read.get(), output_write.get()});
  }
  node.m_pid = pid;
  node.m_pidfd.reset(pidfd);
  return node;
}

Node::Node(Node&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)),
      m_pidfd(std::move(other.m_pidfd)),
      m_output(std::move(other.m_output)),
      m_alive(std::move(other.m_alive)) {}

Node& Node::operator=(Node&& other) noexcept {
  std::swap(m_pid, other.m_pid);
  std::swap(m_pidfd, other.m_pidfd);
  std::swap(m_output, other.m_output);
  std::swap(m_alive, other.m_alive);
  return *this;
}

Node::~Node() {
  if (m_pid > 0) {
    kill();
    reap();
  }
}

void Node::kill() const {
  if (m_pid > 0) {
    ::kill(m_pid, SIGKILL);
  }
}

NodeEnding Node::reap() {
  NodeEnding ending;
  if (m_pid <= 0) {
    return ending;
  }
  int status = 0;
  rusage usage{};
  while (::wait4(m_pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) {
    ending.exit_code = WEXITSTATUS(status);
  } else if (WIFSIGNALED(status)) {
    ending.signal = WTERMSIG(status);
  }
  ending.cpu_us = cpu_us(usage);
  m_pid = -1;
  m_pidfd.reset();
  m_alive.reset();
  return ending;
}

std::string setup_error_line(const Error& error) {
  auto message = error.message;
  std::replace(message.begin(), message.end(), '\n', ' ');  // a line is a message
  return fmt::format("!{}{}\n", error.kind == ErrorKind::unavailable ? 'u' : 'b', message);
}

Error parse_setup_error(const std::string& line) {
  const auto kind = line.size() > 1 && line[1] == 'u' ? ErrorKind::unavailable : ErrorKind::broken;
  return {kind,
          std::string(trim(std::string_view(line).substr(std::min<std::size_t>(2, line.size()))))};
}

Expected<std::string> check_privileges(bool privileged) {
  TRY_ASSIGN(const auto* ids, node_ids(privileged));
  NodeOptions options;
  options.privileged = privileged;
  TRY_ASSIGN(auto node, Node::start(options, [](int, std::int64_t) { return 0; }));
  std::string text;
  pollfd fd{node.output(), POLLIN, 0};
  while (::poll(&fd, 1, 10'000) > 0) {
    std::array<char, 512> buffer{};
    const auto count = ::read(node.output(), buffer.data(), buffer.size());
    if (count <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (text.starts_with('!')) {
    return tl::unexpected(parse_setup_error(text));
  }
  node.reap();
  return std::string(name_of(ids->boundary));
}

}  // namespace cni_matrix::node
