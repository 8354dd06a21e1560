#include "daemons.hpp"

#include "programs.hpp"
#include "readiness.hpp"
#include "set_up.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include <unistd.h>

namespace cni_matrix::equipment {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds k_poll{5};
constexpr std::chrono::seconds k_death_limit{5};

fs::path log_of(const Daemon& daemon) {
  return fs::path(layout::k_logs) / fmt::format("daemon-{}.log", daemon.name);
}

std::string printed_since(const Daemon& daemon, std::size_t start) {
  const auto text = read_file(log_of(daemon));
  return text && text->size() > start ? text->substr(start) : std::string();
}

// Also those that it has started, as long as they are in its group.
void signal_group(const BackgroundProcess& process, int number) {
  if (process.pid() > 0) {
    ::kill(-process.pid(), number);
  }
}

}  // namespace

Daemons::~Daemons() {
  kill_all();
}

const Daemon& Daemons::described(const std::string& name) const {
  return *m_description.find_daemon(name);  // that it is there, the plan of the cell has seen
}

Daemons::Running* Daemons::find(const std::string& name) {
  const auto found = std::find_if(m_running.begin(), m_running.end(), [&](const Running& running) {
    return running.daemon->name == name;
  });
  return found == m_running.end() ? nullptr : &*found;
}

Expected<void> Daemons::start_all() {
  for (const auto& daemon : m_description.daemons) {
    TRY(start(daemon.name));
  }
  return {};
}

Expected<void> Daemons::start(const std::string& name) {
  if (find(name) != nullptr) {
    return input_error("the daemon {} runs already", name);
  }
  const auto& daemon = described(name);
  for (const auto& path : daemon.removes) {
    TRY(remove_file(path));
  }
  const auto log = log_of(daemon);
  std::error_code none_yet;
  const auto size = fs::file_size(log, none_yet);
  auto process = BackgroundProcess::start(call_of(daemon.program), environment_of(daemon.program),
                                          log, network_of(daemon.program.where));
  if (!process) {
    return input_error("the daemon {}: {}", name, process.error().message);
  }
  m_groups.insert(process->pid());
  m_running.push_back({&daemon, std::move(*process), none_yet ? 0 : size});
  auto ready = wait_until_ready(m_running.back());
  if (!ready) {
    static_cast<void>(kill(name));
  }
  return ready;
}

Expected<void> Daemons::wait_until_ready(Running& running) {
  const auto& daemon = *running.daemon;
  const auto deadline = Clock::now() + daemon.within;
  for (;;) {
    const bool runs = running.process.running();
    const auto printed = printed_since(daemon, running.log_start);
    if (!runs) {
      return input_error("the daemon {} was not ready: {}", daemon.name, ending_of(running));
    }
    TRY_ASSIGN(const bool ready, is_ready(daemon.ready, daemon.program.where, printed));
    if (ready) {
      return {};
    }
    if (Clock::now() >= deadline) {
      return input_error("the daemon {} was not ready within {} ms{}", daemon.name,
                         daemon.within.count(), last_words(printed));
    }
    std::this_thread::sleep_for(k_poll);
  }
}

// Of one whose process has ended.
std::string Daemons::ending_of(Running& running) {
  running.process.wait(k_death_limit);
  return fmt::format("it ended with {}{}", running.process.ending(),
                     last_words(printed_since(*running.daemon, running.log_start)));
}

void Daemons::forget(const Running& running) {
  const auto* const gone = &running;
  std::erase_if(m_running, [gone](const Running& one) { return &one == gone; });
}

Expected<void> Daemons::end(const std::string& name, int signal) {
  auto* running = find(name);
  if (running == nullptr) {
    return input_error("the daemon {} does not run", name);
  }
  signal_group(running->process, signal);
  const pid_t group = running->process.pid();
  const auto limit = signal == SIGKILL ? k_death_limit : running->daemon->within;
  const bool ended = running->process.wait(limit);
  const auto words = last_words(printed_since(*running->daemon, running->log_start));
  if (group > 0) {
    ::kill(-group, SIGKILL);  // what its first process has left, or would not end
  }
  forget(*running);
  return ended ? Expected<void>()
               : input_error("the daemon {} did not end within {} ms{}", name,
                             std::chrono::milliseconds(limit).count(), words);
}

Expected<void> Daemons::stop(const std::string& name) {
  return end(name, SIGTERM);
}

Expected<void> Daemons::kill(const std::string& name) {
  return end(name, SIGKILL);
}

void Daemons::kill_all() {
  while (!m_running.empty()) {
    static_cast<void>(kill(std::string(m_running.back().daemon->name)));
  }
}

Expected<void> Daemons::await(const std::string& name) {
  auto* running = find(name);
  return running == nullptr ? input_error("the daemon {} does not run", name)
                            : wait_until_ready(*running);
}

std::vector<Daemons::End> Daemons::ended() {
  std::vector<End> ends;
  for (std::size_t i = 0; i < m_running.size();) {
    if (m_running[i].process.running()) {
      ++i;
      continue;
    }
    ends.push_back({m_running[i].daemon, ending_of(m_running[i])});
    forget(m_running[i]);
  }
  return ends;
}

bool Daemons::have(pid_t pid) const {
  return m_groups.contains(::getpgid(pid));
}

}  // namespace cni_matrix::equipment
