#include "tools.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostile {

File::File(const std::string& path, int flags, unsigned mode)
    : m_fd(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}

File::~File() {
  if (m_fd >= 0) {
    ::close(m_fd);
  }
}

std::string read_text(const std::string& path) {
  const File file(path, O_RDONLY | O_NONBLOCK);
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t count = 0;
  while (file.valid() && (count = ::read(file.get(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

std::string link_target(const std::string& path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error).string();
}

Outcome open_and_close(const std::string& path, int flags) {
  const File file(path, flags);
  return file.valid() ? reached(path) : refused(errno, path);
}

Outcome make_and_unmake(const std::string& path) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.valid()) {
    return refused(errno, path);
  }
  ::unlink(path.c_str());
  return reached(path);
}

Outcome move_and_move_back(const std::string& path) {
  const auto away = path + ".hostile";
  if (::rename(path.c_str(), away.c_str()) != 0) {
    return refused(errno, path);
  }
  ::rename(away.c_str(), path.c_str());
  return reached(path);
}

Outcome write_back(const std::string& path, const std::string& value) {
  const File file(path, O_WRONLY);
  if (!file.valid()) {
    return refused(errno, path);
  }
  return ::write(file.get(), value.data(), value.size()) < 0 ? refused(errno, path) : reached(path);
}

Outcome write_back(const std::string& path) {
  const auto value = read_text(path);
  if (value.empty()) {
    return open_and_close(path, O_WRONLY);
  }
  return write_back(path, value);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

std::vector<pid_t> processes() {
  std::vector<pid_t> pids;
  for (const auto& name : names_in("/proc")) {
    if (const int pid = std::atoi(name.c_str()); pid > 0 && pid != ::getpid()) {
      pids.push_back(pid);
    }
  }
  return pids;
}

std::string proc_path(pid_t pid, const std::string& name) {
  auto path = "/proc/" + std::to_string(pid);
  path += '/';
  path += name;
  return path;
}

pid_t process_named(const std::string& name, const Target& target) {
  const auto own_users = link_target("/proc/self/ns/user");
  pid_t best = 0;
  int most = -1;
  for (const auto pid : processes()) {
    const auto folder = "/proc/" + std::to_string(pid);
    if (read_text(folder + "/comm") != name + "\n") {
      continue;
    }
    const int near = link_target(folder + "/ns/user") == own_users ? 2 : 0;
    const int ours =
        read_text(folder + "/cmdline").find(target.secret) != std::string::npos ? 1 : 0;
    if (near + ours > most) {
      most = near + ours;
      best = pid;
    }
  }
  return best;
}

std::vector<std::string> mount_points_below(const std::string& prefix) {
  std::vector<std::string> points;
  std::istringstream lines(read_text("/proc/self/mountinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string point;
    words >> id >> parent >> device >> root >> point;
    if (point.starts_with(prefix)) {
      points.push_back(point);
    }
  }
  return points;
}

bool in_host_namespace(const Target& target, const std::string& kind) {
  const auto host = target.namespaces.find(kind);
  return host != target.namespaces.end() && link_target("/proc/self/ns/" + kind) == host->second;
}

std::string empty_folder() {
  for (const auto* parent : {"/tmp", "/run", "/dev/shm"}) {
    auto path = std::string(parent) + "/hostile-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) {
      return path;
    }
  }
  return {};
}

void make_writable(const std::string& mount_point) {
  ::mount(nullptr, mount_point.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr);
}

}  // namespace hostile
