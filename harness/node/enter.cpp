#include "node.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>
#include <cni_matrix/base/process.hpp>

#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <string>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::node {

namespace {

namespace fs = std::filesystem;

// In the order in which they are entered: the user namespace gives the right to enter the others.
constexpr std::array k_kinds = {"user", "pid", "mnt", "net", "ipc", "uts"};

std::string own_namespace(const std::string& kind) {
  std::error_code error;
  return fs::read_symlink("/proc/self/ns/" + kind, error).string();
}

// Init keeps the namespaces of foreign programs open; those programs themselves may be out of our
// reach.
Expected<std::map<std::string, Fd>> namespaces_kept_by(pid_t init) {
  const auto gone = [&] { return input_error("there is no node whose first process is {}", init); };
  std::map<std::string, Fd> kept;
  std::error_code error;
  for (auto entry = fs::directory_iterator(fmt::format("/proc/{}/fd", init), error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code closed;
    const auto what = fs::read_symlink(entry->path(), closed).string();
    const auto colon = what.find(":[");
    if (colon == std::string::npos) {
      continue;
    }
    const auto kind = what.substr(0, colon);
    if (what == own_namespace(kind)) {
      continue;  // a privileged node has no user namespace of its own
    }
    Fd fd(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC));
    if (fd) {
      kept[kind] = std::move(fd);
    }
  }
  if (error || !kept.contains("mnt") || !kept.contains("pid")) {
    return gone();
  }
  return kept;
}

}  // namespace

Expected<int> enter(pid_t pid, const std::vector<std::string>& argv) {
  TRY_ASSIGN(const auto spaces, namespaces_kept_by(pid));
  for (const auto* kind : k_kinds) {
    const auto space = spaces.find(kind);
    if (space != spaces.end() && ::setns(space->second.get(), 0) != 0) {
      return system_error("cannot enter the node");
    }
  }
  // In an ordinary user's node there is only the one id, which we have.
  if (spaces.contains("user") && ::setresgid(0, 0, 0) == 0) {
    static_cast<void>(::setgroups(0, nullptr));
    static_cast<void>(::setresuid(0, 0, 0));
  }
  const pid_t child = ::fork();
  if (child < 0) {
    return system_error("cannot start a process in the node");
  }
  if (child == 0) {
    std::vector<std::string> texts = argv;
    std::vector<char*> words;
    words.reserve(texts.size() + 1);
    for (auto& text : texts) {
      words.push_back(text.data());
    }
    words.push_back(nullptr);
    if (::chdir("/") == 0) {
      ::execvp(words[0], words.data());
    }
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace cni_matrix::node
