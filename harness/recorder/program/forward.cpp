#include "forward.hpp"

#include "cpu.hpp"
#include "streams.hpp"

#include <cerrno>
#include <iterator>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

constexpr int k_last_input_wait_ms = 50;

// One direction: what the caller sends.
class Input {
 public:
  Input(Fd& plugin, Trace& trace, Tap* tap) : m_plugin(plugin), m_trace(trace), m_tap(tap) {
    if (tap != nullptr && (tap->input_size > 0 || tap->input_ended)) {
      m_open = !tap->input_ended;
      m_from = tap->input;
      m_end = tap->input_size;
      write();
    }
  }

  [[nodiscard]] bool open() const { return m_open; }
  [[nodiscard]] bool pending() const { return m_begin < m_end; }

  void read() {
    const ssize_t count = read_again(STDIN_FILENO, m_bytes, sizeof(m_bytes));
    if (count < 0 && errno == EAGAIN) {
      return;
    }
    if (count <= 0) {
      m_open = false;
      close_when_done();
      return;
    }
    m_trace.stream(Tag::input, m_bytes, static_cast<std::size_t>(count));
    if (m_tap != nullptr) {
      m_tap->version.feed(m_bytes, static_cast<std::size_t>(count));
    }
    // A plugin that does not read is no error; what comes for it is noted and dropped.
    if (m_plugin) {
      m_from = m_bytes;
      m_begin = 0;
      m_end = static_cast<std::size_t>(count);
      write();
    }
  }

  void write() {
    while (pending()) {
      const ssize_t count = ::write(m_plugin.get(), m_from + m_begin, m_end - m_begin);
      if (count >= 0) {
        m_begin += static_cast<std::size_t>(count);
      } else if (errno == EAGAIN) {
        return;
      } else if (errno != EINTR) {  // EPIPE
        m_begin = m_end;
        m_plugin.reset();
      }
    }
    close_when_done();
  }

  // A plugin that ends without reading may be faster than its caller's writing: note what still
  // comes.
  void drain() {
    m_plugin.reset();
    m_begin = m_end;
    pollfd ready = {STDIN_FILENO, POLLIN, 0};
    std::size_t bytes = 0;
    while (m_open && bytes<k_stream_limit&& ::poll(&ready, 1, k_last_input_wait_ms)> 0) {
      read();
      bytes += sizeof(m_bytes);
    }
  }

 private:
  void close_when_done() {
    if (!m_open && !pending()) {
      m_plugin.reset();
    }
  }

  Fd& m_plugin;
  Trace& m_trace;
  Tap* m_tap;
  const char* m_from = m_bytes;
  bool m_open = true;
  std::size_t m_begin = 0;
  std::size_t m_end = 0;
  char m_bytes[64U << 10U];
};

// The other direction. `plugin` is closed at its end, or when nobody reads ours: then the plugin
// gets the SIGPIPE that it would have got from our caller.
void pass_on(Fd& plugin, int to, Tag tag, Trace& trace, Tap* tap) {
  static char bytes[64U << 10U];
  const ssize_t count = read_again(plugin.get(), bytes, sizeof(bytes));
  if (count <= 0) {
    plugin.reset();
    return;
  }
  if (tap != nullptr && tap->hold_output && tag == Tag::output) {
    trace.stream(Tag::withheld, bytes, static_cast<std::size_t>(count));
    tap->hold(bytes, static_cast<std::size_t>(count));
    return;
  }
  trace.stream(tag, bytes, static_cast<std::size_t>(count));
  if (!write_all(to, bytes, static_cast<std::size_t>(count)) && tap == nullptr) {
    plugin.reset();
  }
}

// Does our caller wait for the end of our standard error? Go does when it collects it through a
// pipe (libcni from 0.8.0 on), and does not when it is a file or terminal that it passed on.
bool caller_waits_for_error_output() {
  struct stat status = {};
  return ::fstat(STDERR_FILENO, &status) == 0 && S_ISFIFO(status.st_mode);
}

// Termination signals go on to the plugin, and end us when they end it.
void take_signals(const Signals& signals, pid_t plugin, bool& ended, Ending& ending) {
  signalfd_siginfo info = {};
  while (::read(signals.fd(), &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
    if (info.ssi_signo == SIGCHLD) {
      const std::int64_t before = own_cpu_us();
      ended = ended || ::waitpid(plugin, &ending.status, WNOHANG) == plugin;
      ending.reaping_us += own_cpu_us() - before;
    } else if (!ended) {
      ::kill(plugin, static_cast<int>(info.ssi_signo));
    }
  }
}

}  // namespace

Ending forward(Child& child, const Signals& signals, Trace& trace, Tap* tap) {
  Input input(child.input, trace, tap);
  const bool waits_for_errors = caller_waits_for_error_output();
  Ending ending;
  bool ended = false;
  while (!ended || child.output || (child.error_output && waits_for_errors)) {
    pollfd fds[] = {
        {input.open() && !input.pending() ? STDIN_FILENO : -1, POLLIN, 0},
        {input.pending() ? child.input.get() : -1, POLLOUT, 0},
        {child.output.get(), POLLIN, 0},
        {child.error_output.get(), POLLIN, 0},
        {signals.fd(), POLLIN, 0},
    };
    if (::poll(fds, std::size(fds), -1) < 0) {
      continue;  // EINTR
    }
    if (fds[0].revents != 0) {
      input.read();
    }
    if (fds[1].revents != 0) {
      input.write();
    }
    if (fds[2].revents != 0) {
      pass_on(child.output, STDOUT_FILENO, Tag::output, trace, tap);
    }
    if (fds[3].revents != 0) {
      pass_on(child.error_output, STDERR_FILENO, Tag::error_output, trace, tap);
    }
    if (fds[4].revents != 0) {
      take_signals(signals, child.pid, ended, ending);
    }
  }
  input.drain();
  return ending;
}

}  // namespace cni_matrix::recorder
