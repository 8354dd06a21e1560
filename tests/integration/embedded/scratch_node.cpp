#include "scratch_node.hpp"

#include <cni_matrix/base/fd.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::test {
namespace {

constexpr int k_namespaces =
    CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr unsigned k_seconds = 120;  // a node that takes longer hangs

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "node: %s: %s\n", what, std::strerror(errno));
  ::_exit(1);
}

void mount_tmpfs(const char* place) {
  if (::mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    die(place);
  }
}

void set_loopback_up() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    die("lo up");
  }
}

// As PID 1 in the new namespaces.
void furnish(const NodePlugins& plugins) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("proc", "/proc", "proc", 0, nullptr) != 0) {
    die("mount");
  }
  // Opened before /opt and the rest are hidden, in case they lie there.
  std::map<std::string, Fd> folders;
  for (const auto& [name, path] : plugins) {
    folders[name].reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  for (const char* place : {"/run", "/var/lib", "/opt"}) {
    mount_tmpfs(place);
  }
  for (const auto& [name, fd] : folders) {
    const std::filesystem::path place = std::filesystem::path(k_node_plugins) / name;
    std::filesystem::create_directories(place);
    const std::string source = "/proc/self/fd/" + std::to_string(fd.get());
    if (::mount(source.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      die(place.c_str());
    }
  }
  set_loopback_up();
}

void write_all(int fd, const std::string& text) {
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t size = ::write(fd, text.data() + written, text.size() - written);
    if (size <= 0) {
      return;
    }
    written += static_cast<std::size_t>(size);
  }
}

[[noreturn]] void be_node(const NodeJob& job, const NodePlugins& plugins, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::unshare(k_namespaces) != 0) {
    die("unshare");
  }
  const pid_t init = ::fork();
  if (init == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(k_seconds);
    std::signal(SIGALRM, [](int) { ::_exit(1); });  // PID 1 has no default action
    furnish(plugins);
    write_all(out, job.work());
    ::_exit(0);
  }
  ::close(out);
  ::waitpid(init, nullptr, 0);
  ::_exit(0);
}

struct Running {
  std::size_t job;
  pid_t pid;
  Fd out;
  std::string text;
};

Running start(std::size_t index, const NodeJob& job, const NodePlugins& plugins) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    die("pipe");
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    be_node(job, plugins, ends[1]);
  }
  ::close(ends[1]);
  return {index, pid, Fd(ends[0]), {}};
}

// False at the end.
bool read_some(Running& node) {
  char buffer[65536];
  const ssize_t size = ::read(node.out.get(), buffer, sizeof buffer);
  if (size <= 0) {
    return false;
  }
  node.text.append(buffer, static_cast<std::size_t>(size));
  return true;
}

}  // namespace

std::string node_obstacle() {
  if (::geteuid() != 0) {
    return "namespaces with mounts need root here";
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(::unshare(k_namespaces) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? "" : "this kernel or container forbids new namespaces";
}

void run_in_nodes(std::vector<NodeJob> jobs, const NodePlugins& plugins, unsigned parallel) {
  std::vector<Running> running;
  std::size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    while (next < jobs.size() && running.size() < parallel) {
      running.push_back(start(next, jobs[next], plugins));
      ++next;
    }
    std::vector<pollfd> polled;
    for (const Running& node : running) {
      polled.push_back({node.out.get(), POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = polled.size(); i-- > 0;) {
      if (polled[i].revents == 0 || read_some(running[i])) {
        continue;
      }
      ::waitpid(running[i].pid, nullptr, 0);
      jobs[running[i].job].done(running[i].text);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace cni_matrix::test
