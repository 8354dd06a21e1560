#include "collector.hpp"

#include "connection.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/recorder/fault_action.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

using namespace std::chrono_literals;

constexpr auto k_end_wait = 2s;
constexpr auto k_end_poll = 2ms;
constexpr std::size_t k_told_troubles = 10;
// Beside connections, which are numbered from here.
constexpr std::uint64_t k_listener = 0;
constexpr std::uint64_t k_stop = 1;
constexpr std::uint64_t k_first = 2;

Expected<Fd> listen_at(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof(address.sun_path)) {
    return broken("the socket's path {} is longer than {} bytes", path.string(),
                  sizeof(address.sun_path) - 1);
  }
  std::strcpy(address.sun_path, path.c_str());  // NOLINT: the size was checked
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    return system_error(fmt::format("cannot listen at {}", path.string()));
  }
  return fd;
}

// `call.fault` is the name of an action, or that and what went wrong: "kill-runtime-after: ...".
bool ends(const PluginCall& call, FaultEnd end) {
  const auto name = std::string_view(call.fault).substr(0, call.fault.find(':'));
  return std::any_of(
      std::begin(k_fault_actions), std::end(k_fault_actions),
      [&](const FaultActionTraits& known) { return known.name == name && known.end == end; });
}

std::string name_of(const PluginCall& call) {
  return fmt::format("the plugin call {} {}", call.plugin, call.command);
}

}  // namespace

class Collector::Work {
 public:
  Work(const CollectorOptions& options, const FileIdentity& program, Fd listener)
      : m_options(options), m_program(program), m_listener(std::move(listener)) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  ~Work() {
    const std::uint64_t one = 1;
    if (m_thread.joinable() && ::write(m_stop.get(), &one, sizeof(one)) > 0) {
      m_thread.join();
    }
    ::unlink(m_options.socket.c_str());
  }

  Expected<void> start() {
    m_epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    m_stop.reset(::eventfd(0, EFD_CLOEXEC));
    m_spare.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!m_epoll || !m_stop || !watch(m_listener.get(), k_listener) ||
        !watch(m_stop.get(), k_stop) || !identify(m_options.socket, m_place)) {
      return system_error("cannot watch the recorder's socket");
    }
    // Signals are for the other threads.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    Expected<void> started;
    try {
      m_thread = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
      started = broken("cannot start a thread for the recorder's socket: {}", error.what());
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
  }

  std::vector<PluginCall> calls() {
    const std::lock_guard lock(m_mutex);
    take_all();
    std::vector<PluginCall> calls;
    for (const auto& [id, entry] : m_entries) {
      if (entry.connection.builder().begun()) {
        calls.push_back(call_of(entry));
      }
    }
    std::stable_sort(calls.begin(), calls.end(),
                     [](const PluginCall& left, const PluginCall& right) {
                       return left.start_ns < right.start_ns;
                     });
    return calls;
  }

  std::size_t open_calls() {
    const std::lock_guard lock(m_mutex);
    take_all();
    return m_open;
  }

  std::vector<std::string> troubles(std::vector<Interruption> interruptions) {
    const auto deadline = std::chrono::steady_clock::now() + k_end_wait;
    for (;;) {
      {
        const std::lock_guard lock(m_mutex);
        take_all();
        add_faults_to(interruptions);
        auto [found, waiting] = find_troubles(interruptions);
        if (!waiting || std::chrono::steady_clock::now() > deadline) {
          return found;
        }
      }
      std::this_thread::sleep_for(k_end_poll);
    }
  }

 private:
  struct Entry {
    Connection connection;
    std::uint64_t caller = 0;  // the entry below whose plugin its peer runs; 0: there is none
  };

  bool watch(int fd, std::uint64_t id) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    return ::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void run() {
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int count = ::epoll_wait(m_epoll.get(), events.data(), events.size(), -1);
      const std::lock_guard lock(m_mutex);
      for (int i = 0; i < count; ++i) {
        if (events.at(static_cast<std::size_t>(i)).data.u64 == k_stop) {
          return;
        }
        take(events.at(static_cast<std::size_t>(i)).data.u64);
      }
    }
  }

  // Everything that was sent before this call, also by recorders that have ended.
  void take_all() {
    std::array<epoll_event, 64> events{};
    for (int rounds = 0; rounds < 1000; ++rounds) {  // a peer may go on sending
      const int count = ::epoll_wait(m_epoll.get(), events.data(), events.size(), 0);
      if (count <= 0) {
        return;
      }
      for (int i = 0; i < count; ++i) {
        take(events.at(static_cast<std::size_t>(i)).data.u64);
      }
    }
  }

  // The other thread may have been first: then there is nothing.
  void take(std::uint64_t id) {
    if (id == k_listener) {
      accept();
      return;
    }
    const auto found = m_entries.find(id);
    if (found == m_entries.end() || !found->second.connection.open()) {
      return;
    }
    Entry& entry = found->second;
    Connection& connection = entry.connection;
    const bool greeted = connection.greeted();
    const std::size_t before = connection.bytes();
    connection.receive(m_bytes < m_options.byte_limit ? CallBuilder::Streams::keep
                                                      : CallBuilder::Streams::drop);
    m_bytes += connection.bytes() - before;
    if (!greeted && connection.greeted()) {
      entry.caller = caller_of(connection);
      m_running[connection.peer()] = id;
    }
    if (!connection.open()) {
      --m_open;
      if (const auto running = m_running.find(connection.peer());
          running != m_running.end() && running->second == id) {
        m_running.erase(running);
      }
    }
  }

  // Another plugin (bridge calls its IPAM plugin), and not the runtime: then an ancestor of the
  // peer is a recorder that has not ended.
  std::uint64_t caller_of(const Connection& connection) const {
    for (const pid_t ancestor : connection.ancestors()) {
      if (const auto running = m_running.find(ancestor); running != m_running.end()) {
        return running->second;
      }
    }
    return 0;
  }

  void accept() {
    for (;;) {
      Fd socket(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket && (errno == EINTR || errno == ECONNABORTED)) {
        continue;
      }
      if (!socket && (errno == EMFILE || errno == ENFILE) && m_spare) {
        // Refuse it, or it would be waiting for ever, and wake us.
        m_spare.reset();
        socket.reset(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        socket.reset();
        m_spare.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        ++m_refused;
        continue;
      }
      if (!socket) {
        return;
      }
      if (m_open >= m_options.open_limit || m_entries.size() >= m_options.call_limit) {
        ++m_refused;
        continue;
      }
      const std::uint64_t id = k_first + m_entries.size();
      const int fd = socket.get();
      const auto [entry, added] =
          m_entries.try_emplace(id, Entry{Connection(std::move(socket), m_options, m_program)});
      if (added && watch(fd, id)) {
        ++m_open;
        take(id);  // most have said hello already
      }
    }
  }

  PluginCall call_of(const Entry& entry) const {
    PluginCall call = entry.connection.builder().call();
    const auto caller = m_entries.find(entry.caller);
    call.delegated = caller != m_entries.end() && caller->second.connection.builder().begun();
    return call;
  }

  // While a fault keeps the runtime dead, it ends calls for no plugin's reason.
  void add_faults_to(std::vector<Interruption>& interruptions) const {
    for (const auto& [id, entry] : m_entries) {
      const PluginCall& call = entry.connection.builder().names();
      if (ends(call, FaultEnd::with_runtime)) {
        interruptions.push_back({call.start_ns, entry.connection.open()
                                                    ? monotonic_ns()
                                                    : entry.connection.closed_ns()});
      }
    }
  }

  struct Troubles {
    std::vector<std::string> found;
    bool waiting = false;  // some of them may end well
  };

  Troubles find_troubles(const std::vector<Interruption>& interruptions) const {
    Troubles troubles;
    std::map<std::string, std::size_t> seen;
    for (const auto& [id, entry] : m_entries) {
      const Connection& connection = entry.connection;
      const std::string trouble = trouble_of(entry, interruptions);
      if (!trouble.empty()) {
        ++seen[trouble];
        troubles.waiting = troubles.waiting || connection.open();
      }
    }
    FileIdentity place;
    if (!identify(m_options.socket, place) || place != m_place) {
      ++seen[fmt::format("{}, the socket that plugin calls are recorded by, was taken away",
                         m_options.socket.string())];
    }
    if (m_refused > 0) {
      ++seen[fmt::format(
          "{} connections to the recorder's socket were refused: there were more than {} at once, "
          "or {} in all",
          m_refused, m_options.open_limit, m_options.call_limit)];
    }
    if (m_bytes >= m_options.byte_limit) {
      ++seen[fmt::format(
          "the plugin calls read and printed more than {} MiB, and the rest was not "
          "recorded",
          m_options.byte_limit >> 20U)];
    }
    for (const auto& [trouble, times] : seen) {
      if (troubles.found.size() == k_told_troubles) {
        troubles.found.push_back(fmt::format("and {} more", seen.size() - k_told_troubles));
        break;
      }
      troubles.found.push_back(times == 1 ? trouble : fmt::format("{} ({} times)", trouble, times));
    }
    return troubles;
  }

  static std::string trouble_of(const Entry& entry,
                                const std::vector<Interruption>& interruptions) {
    const Connection& connection = entry.connection;
    const bool begun = connection.builder().begun();
    const PluginCall& call = connection.builder().names();
    if (!connection.trouble().empty()) {
      return begun
                 ? fmt::format("the peer that recorded {} {}", name_of(call), connection.trouble())
                 : fmt::format("a peer at the recorder's socket {}", connection.trouble());
    }
    if (connection.builder().finished() || ends(call, FaultEnd::late)) {
      return {};
    }
    const std::int64_t closed = connection.open() ? monotonic_ns() : connection.closed_ns();
    const bool interrupted = std::any_of(
        interruptions.begin(), interruptions.end(), [&](const Interruption& interruption) {
          return connection.opened_ns() <= interruption.end_ns && closed >= interruption.begin_ns;
        });
    if (interrupted) {
      return {};
    }
    if (!begun) {
      return connection.open()
                 ? "a peer at the recorder's socket tells nothing"
                 : "a peer at the recorder's socket ended before it told of a plugin call";
    }
    return fmt::format("{} has no end record: its recorder {}", name_of(call),
                       connection.open() ? "still runs" : "was killed");
  }

  const CollectorOptions m_options;
  const FileIdentity m_program;
  FileIdentity m_place;  // the socket's
  Fd m_listener;
  Fd m_epoll;
  Fd m_stop;
  Fd m_spare;  // to refuse a connection where there are no descriptors left
  std::mutex m_mutex;
  std::map<std::uint64_t, Entry> m_entries;
  std::map<pid_t, std::uint64_t> m_running;  // recorders that have not ended, by process
  std::size_t m_open = 0;
  std::size_t m_bytes = 0;
  std::size_t m_refused = 0;
  std::thread m_thread;
};

Expected<Collector> Collector::start(const CollectorOptions& options) {
  FileIdentity program;
  if (!identify(options.program, program)) {
    return system_error(fmt::format("cannot look at the recorder {}", options.program.string()));
  }
  TRY_ASSIGN(Fd listener, listen_at(options.socket));
  auto work = std::make_unique<Work>(options, program, std::move(listener));
  TRY(work->start());
  return Collector(std::move(work));
}

Collector::Collector(std::unique_ptr<Work> work) : m_work(std::move(work)) {}
Collector::Collector(Collector&& other) noexcept = default;
Collector& Collector::operator=(Collector&& other) noexcept = default;
Collector::~Collector() = default;

std::vector<PluginCall> Collector::calls() {
  return m_work->calls();
}

std::size_t Collector::open_calls() {
  return m_work->open_calls();
}

std::vector<std::string> Collector::troubles(const std::vector<Interruption>& interruptions) {
  return m_work->troubles(interruptions);
}

}  // namespace cni_matrix::recorder
