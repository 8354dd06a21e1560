#include "reaper.hpp"

#include "init.hpp"
#include "init_name.hpp"
#include "node.hpp"
#include "root.hpp"
#include "uplink.hpp"

#include "base/apart.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

constexpr int k_node_namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

// ---- what the reaper does ----

// Become the node's root. Before this the process has the ids of who made the user namespace.
Expected<void> take_ids(const IdMap& ids) {
  if (ids.boundary == Boundary::own_ids || ids.boundary == Boundary::same_ids) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) {
      return system_error("cannot become the node's root");
    }
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which a change of ids takes back
  return {};
}

Expected<void> make_network_and_mounts(const IdMap& ids) {
  TRY(take_ids(ids));
  if (::unshare(k_node_namespaces) != 0) {
    const int number = errno;
    return unavailable("cannot make a node's namespaces ({}): {}",
                       std::strerror(number),  // NOLINT(concurrency-mt-unsafe)
                       cure_of_refused_namespaces(number));
  }
  TRY(share_mounts());
  if (::sethostname("node", 4) != 0) {
    return system_error("cannot name the node");
  }
  return make_uplink();
}

void say(int talk, const Expected<void>& done) {
  const auto text = done ? std::string("+") : setup_error_line(done.error());
  static_cast<void>(::send(talk, text.data(), text.size(), MSG_NOSIGNAL));
}

// False when init is gone.
bool wait_for_word(int talk) {
  char word = 0;
  return ::read(talk, &word, 1) == 1;
}

[[noreturn]] void reap_for_ever() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  for (;;) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ::sigwaitinfo(&children, nullptr);
  }
}

[[noreturn]] void be_reaper(const IdMap& ids, int talk) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, k_reaper_name);
  // A foreign program of a privileged node could take what we have open.
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);  // closed with the rest below
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(nothing, stream);
  }
  ::dup2(talk, 3);
  ::close_range(4, ~0U, 0);
  talk = 3;
  if (!wait_for_word(talk)) {
    ::_exit(1);
  }
  const auto done = make_network_and_mounts(ids);
  say(talk, done);
  if (!done || !wait_for_word(talk)) {
    ::_exit(1);
  }
  ::prctl(PR_SET_DUMPABLE, 0);
  ::close(talk);
  reap_for_ever();
}

// ---- what init does ----

Expected<void> write_map(int proc, pid_t pid, const char* map, std::uint32_t base,
                         const IdMap& ids) {
  const Fd file(::openat(proc, fmt::format("{}/{}", pid, map).c_str(), O_WRONLY | O_CLOEXEC));
  const auto text = fmt::format("0 {} {}", base, ids.size);
  if (!file || ::write(file.get(), text.data(), text.size()) < 0) {
    return system_error(fmt::format("cannot map the node's ids ({})", map));
  }
  return {};
}

Expected<Fd> open_namespace(int proc, pid_t pid, const char* name) {
  Fd fd(::openat(proc, fmt::format("{}/ns/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return system_error(fmt::format("cannot open the node's namespace {}", name));
  }
  return fd;
}

Error refused_proc(int number) {
  if (number == EPERM || number == EACCES) {
    return {ErrorKind::unavailable,
            "mounting proc in a new namespace is refused; where a container masks /proc, run on "
            "the machine itself or in a privileged container"};
  }
  errno = number;
  return system_error("cannot mount proc in the node").value();
}

// Only system calls: between vfork and _exit our memory is the parent's. -1 with errno.
int new_proc_mount() {
  const int context = ::fsopen("proc", FSOPEN_CLOEXEC);
  if (context < 0) {
    return -1;
  }
  int mount = -1;
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
    mount = ::fsmount(context, FSMOUNT_CLOEXEC,
                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  }
  const int number = errno;
  ::close(context);
  errno = number;
  return mount;
}

// ---- what a joining process does ----

// The mounts in which foreign programs and the rest of the node see each other's changes: those of
// pods and what scenarios do below /run and /var. Over /usr and the like a foreign program would
// otherwise put programs of its own before ours.
bool is_common(const std::string& point) {
  return point == "/" || point == "/run/netns";
}

std::vector<std::string> mount_points() {
  std::vector<std::string> points;
  constexpr std::size_t k_mount_point = 4;  // proc(5)
  for (const auto& line : split(read_file("/proc/self/mountinfo").value_or(""), '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > k_mount_point) {
      points.push_back(fields[k_mount_point]);
    }
  }
  return points;
}

// Put a mount over what is there, for us and not for foreign programs.
Expected<void> cover(const char* target, int mount) {
  ::mount(nullptr, target, nullptr, MS_PRIVATE, nullptr);  // where it is a mount
  if (::move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return system_error(fmt::format("cannot have a {} of our own", target));
  }
  return {};
}

void limit_resources(const IdMap& ids) {
  // 0 does not stop a core dump into a pipe, 1 does (core(5)); such a pipe's program is the host's.
  const rlimit no_core{1, 1};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (!ids.in_user_namespace()) {
    return;
  }
  const rlimit processes{4096, 4096};  // threads too; a cell of many pods has some hundreds
  ::setrlimit(RLIMIT_NPROC, &processes);
#ifndef __SANITIZE_ADDRESS__                           // which takes terabytes of addresses
  const rlimit addresses{16ULL << 30U, 16ULL << 30U};  // Go reserves much more than it uses
  ::setrlimit(RLIMIT_AS, &addresses);
#endif
}

}  // namespace

Expected<Fd> new_proc() {
  Fd mount(new_proc_mount());
  if (!mount) {
    return tl::unexpected(refused_proc(errno));
  }
  return mount;
}

Expected<Reaper> Reaper::start(const IdMap& ids, int proc) {
  int talk[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk) != 0) {
    return system_error("cannot make a socket");
  }
  Reaper reaper;
  reaper.m_talk.reset(talk[0]);
  const Fd theirs(talk[1]);
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_PIDFD;
  if (ids.in_user_namespace()) {
    arguments.flags |= CLONE_NEWUSER;
  }
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);  // NOLINT: the kernel's interface
  arguments.exit_signal = SIGCHLD;
  reaper.m_pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (reaper.m_pid < 0) {
    const int number = errno;
    return unavailable("the kernel makes no user namespace here ({}): {}",
                       std::strerror(number),  // NOLINT(concurrency-mt-unsafe)
                       cure_of_refused_namespaces(number));
  }
  if (reaper.m_pid == 0) {
    be_reaper(ids, theirs.get());
  }
  reaper.m_pidfd.reset(pidfd);
  if (ids.in_user_namespace()) {
    TRY(write_map(proc, reaper.m_pid, "uid_map", ids.base_uid, ids));
    TRY(write_map(proc, reaper.m_pid, "gid_map", ids.base_gid, ids));
    TRY_ASSIGN(reaper.m_user, open_namespace(proc, reaper.m_pid, "user"));
  }
  return reaper;
}

// A mount of proc shows the PID namespace of who mounts it, so a child in there has to.
Expected<void> Reaper::mount_proc(const char* target) const {
  const Fd own(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!own || ::setns(m_pidfd.get(), CLONE_NEWPID) != 0) {
    return system_error("cannot enter the PID namespace of foreign programs");
  }
  volatile int number = 0;
  const pid_t child = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child == 0) {
    const int mount = new_proc_mount();
    number = mount >= 0 && ::move_mount(mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0
                 ? 0
                 : errno;
    ::_exit(0);
  }
  if (child < 0) {
    return system_error("cannot start a process in the node");
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (::setns(own.get(), CLONE_NEWPID) != 0) {
    return system_error("cannot come back from the PID namespace of foreign programs");
  }
  if (number != 0) {
    return tl::unexpected(refused_proc(number));
  }
  return {};
}

Expected<void> Reaper::finish(int proc) {
  std::array<char, 4096> answer{};
  const auto size = ::send(m_talk.get(), "g", 1, MSG_NOSIGNAL) == 1
                        ? ::read(m_talk.get(), answer.data(), answer.size())
                        : 0;
  if (size <= 0) {
    return broken("the node's first foreign process died");
  }
  if (answer[0] != '+') {
    return tl::unexpected(
        parse_setup_error(std::string(answer.data(), static_cast<std::size_t>(size))));
  }
  TRY_ASSIGN(m_mounts, open_namespace(proc, m_pid, "mnt"));
  TRY_ASSIGN(m_network, open_namespace(proc, m_pid, "net"));
  TRY_ASSIGN(m_ipc, open_namespace(proc, m_pid, "ipc"));
  TRY_ASSIGN(m_host_name, open_namespace(proc, m_pid, "uts"));
  TRY_ASSIGN(m_pids, open_namespace(proc, m_pid, "pid"));
  static_cast<void>(::send(m_talk.get(), "d", 1, MSG_NOSIGNAL));
  return {};
}

Expected<void> Reaper::join(const IdMap& ids, int proc, const std::vector<Guarded>& guarded) const {
  for (const auto* space : {&m_user, &m_mounts, &m_network, &m_ipc, &m_host_name}) {
    if (space->valid() && ::setns(space->get(), 0) != 0) {
      return system_error("cannot enter the node's namespaces");
    }
  }
  TRY(take_ids(ids));
  if (::unshare(CLONE_NEWNS) != 0) {
    return system_error("cannot part from the mounts of foreign programs");
  }
  // It lies in a guarded folder, which its twin hides.
  const Fd outside(::open_tree(AT_FDCWD, layout::k_outside, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!outside) {
    return system_error("cannot keep the outside namespace");
  }
  TRY(cover("/proc", proc));
  for (const auto& [target, writable] : guarded) {
    TRY(cover(target, writable.get()));
  }
  TRY(cover(layout::k_outside, outside.get()));
  limit_resources(ids);
  if (ids.in_user_namespace() && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return system_error("cannot forbid new privileges");
  }
  ::prctl(PR_SET_DUMPABLE, 0);
  return begin_apart([this, points = mount_points()]() -> Expected<void> {
    if (::unshare(CLONE_FS) != 0 || ::setns(m_mounts.get(), CLONE_NEWNS) != 0) {
      return system_error("cannot go among the foreign programs");
    }
    for (const auto& point : points) {
      if (!is_common(point)) {
        // Where there is no such mount over there (our own /proc), there is nothing to do.
        ::mount(nullptr, point.c_str(), nullptr, MS_SLAVE, nullptr);
      }
    }
    if (::setns(m_pids.get(), CLONE_NEWPID) != 0) {
      return system_error("cannot enter the PID namespace of foreign programs");
    }
    return {};
  });
}

}  // namespace cni_matrix::node
