#include <cni_matrix/base/line_printer.hpp>

#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

namespace cni_matrix {

Terminal Terminal::of(std::FILE* stream) {
  Terminal terminal;
  const int fd = ::fileno(stream);
  // NOLINTBEGIN(concurrency-mt-unsafe)
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  // NOLINTEND(concurrency-mt-unsafe)
  terminal.live = fd >= 0 && ::isatty(fd) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
  // no-color.org: any value but the empty one.
  terminal.colour = terminal.live && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (terminal.live && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = size.ws_col;
  }
  return terminal;
}

namespace {

// The start of `text` that fills at most `columns` columns; escape sequences take none.
std::string_view clip(std::string_view text, int columns) {
  int used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1b) {
      while (i < text.size() && text[i] != 'm') {
        ++i;
      }
    } else if ((c & 0xc0U) != 0x80 && ++used > columns) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace

LinePrinter::LinePrinter(std::FILE* stream, std::chrono::seconds heartbeat)
    : m_stream(stream),
      m_terminal(Terminal::of(stream)),
      m_heartbeat(heartbeat),
      m_last_heartbeat(std::chrono::steady_clock::now()) {}

LinePrinter::~LinePrinter() {
  finish();
}

void LinePrinter::status(std::string_view text) {
  if (m_terminal.live) {
    const auto shown = clip(text, m_terminal.columns - 1);
    std::fprintf(m_stream, "\r%.*s\x1b[0m\x1b[K", static_cast<int>(shown.size()), shown.data());
    std::fflush(m_stream);
    m_has_status = true;
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now - m_last_heartbeat >= m_heartbeat) {
    m_last_heartbeat = now;
    std::fprintf(m_stream, "%.*s\n", static_cast<int>(text.size()), text.data());
    std::fflush(m_stream);
  }
}

void LinePrinter::line(std::string_view text) {
  finish();
  std::fprintf(m_stream, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void LinePrinter::finish() {
  if (m_has_status) {
    std::fputs("\r\x1b[K", m_stream);
    std::fflush(m_stream);
    m_has_status = false;
  }
}

}  // namespace cni_matrix
