#include "daemon.hpp"

#include "daemon_log.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/fd.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace cni_matrix::containerd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_log_lines = 12;
// Between bind and listen the socket's file is there and refuses; no event tells of listen.
constexpr int k_retry_ms = 2;

std::string last_lines(const std::filesystem::path& log) {
  const auto text = read_file(log);
  if (!text) {
    return "its log " + log.string() + " cannot be read";
  }
  const auto lines = split(trim(*text), '\n');
  std::string result;
  for (std::size_t i = lines.size() - std::min(lines.size(), k_log_lines); i < lines.size(); ++i) {
    result += "\n  " + printable(lines[i]);
  }
  return result.empty() ? "its log is empty" : "its log ends with:" + result;
}

Expected<sockaddr_un> address_of(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.string().size() >= sizeof(address.sun_path)) {
    return broken("the socket's path {} is longer than {} bytes", socket.string(),
                  sizeof(address.sun_path) - 1);
  }
  std::strcpy(address.sun_path, socket.c_str());  // NOLINT: the size was checked
  return address;
}

bool accepts(const sockaddr_un& address) {
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid() &&
         ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

Expected<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return broken("cannot make the directory {}: {}", directory.string(), error.message());
  }
  return {};
}

}  // namespace

std::vector<std::string> daemon_environment(const ContainerdOptions& options) {
  auto environment = fixed_environment();
  for (std::string& variable : environment) {
    if (variable.starts_with("PATH=")) {
      variable.insert(std::strlen("PATH="), options.binaries.string() + ":");
    }
  }
  return environment;
}

Expected<Daemon> Daemon::start(const ContainerdOptions& options) {
  const auto deadline = Clock::now() + options.timeouts.start;
  const auto program = options.binaries / "containerd";
  if (::access(program.c_str(), X_OK) != 0) {
    return unavailable("{} is not an executable: {}", program.string(), std::strerror(errno));
  }
  for (const auto& directory : {options.root, options.state, options.socket.parent_path(),
                                options.config.parent_path(), options.log.parent_path()}) {
    TRY(make_directory(directory));
  }
  TRY(write_file(options.config, configuration_text(options)));
  if (!options.settings.conf_template.empty()) {
    TRY(write_file(k_conf_template, options.settings.conf_template));
  }
  TRY_ASSIGN(const sockaddr_un address, address_of(options.socket));
  // A socket that a killed daemon left is no sign of the new one.
  ::unlink(options.socket.c_str());

  const Fd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!events || ::inotify_add_watch(events.get(), options.socket.parent_path().c_str(),
                                     IN_CREATE | IN_MOVED_TO) < 0) {
    return system_error("cannot watch " + options.socket.parent_path().string());
  }
  Daemon daemon(options);
  std::error_code no_log_yet;
  const auto log_size = std::filesystem::file_size(options.log, no_log_yet);
  daemon.m_log_start = no_log_yet ? 0 : log_size;
  TRY_ASSIGN(daemon.m_process,
             BackgroundProcess::start({program.string(), "--config", options.config.string()},
                                      daemon_environment(options), options.log));
  while (!accepts(address)) {
    const bool exists = ::access(options.socket.c_str(), F_OK) == 0;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return tl::unexpected(daemon.error(fmt::format("containerd {} did not open {} within {} ms",
                                                     options.version.str(), options.socket.string(),
                                                     options.timeouts.start.count())));
    }
    pollfd watched[] = {{events.get(), POLLIN, 0}, {daemon.m_process.pidfd(), POLLIN, 0}};
    ::poll(watched, 2, exists ? k_retry_ms : static_cast<int>(left));
    char buffer[4096];
    while (::read(events.get(), buffer, sizeof(buffer)) > 0) {
    }
    if ((watched[1].revents & POLLIN) != 0) {
      return tl::unexpected(
          daemon.error(fmt::format("containerd {} ended at its start", options.version.str())));
    }
  }
  return daemon;
}

bool Daemon::ended_within(std::chrono::milliseconds timeout) const {
  pollfd watched{m_process.pidfd(), POLLIN, 0};
  return ::poll(&watched, 1, static_cast<int>(timeout.count())) > 0;
}

Expected<void> Daemon::stop() {
  return end(SIGTERM);
}

Expected<void> Daemon::kill() {
  return end(SIGKILL);
}

Expected<void> Daemon::end(int signal) {
  m_process.signal(signal);
  if (!m_process.wait(m_options.timeouts.call)) {
    const Error reason = error(fmt::format("containerd {} did not end within {} ms of SIG{}",
                                           m_options.version.str(), m_options.timeouts.call.count(),
                                           signal == SIGTERM ? "TERM" : "KILL"));
    m_process = BackgroundProcess();
    return tl::unexpected(reason);
  }
  m_process = BackgroundProcess();
  return {};
}

std::string Daemon::log() const {
  const auto text = read_file(m_options.log);
  return text && text->size() > m_log_start ? text->substr(m_log_start) : std::string();
}

Error Daemon::error(const std::string& what) const {
  if (const auto refusal = refusal_in(log()); !refusal.empty()) {
    return {ErrorKind::input, refusal};
  }
  return {ErrorKind::broken, what + "; " + last_lines(m_options.log)};
}

}  // namespace cni_matrix::containerd
