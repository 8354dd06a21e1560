#include "line_printer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

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
  if (terminal.live) {
    terminal.columns = columns_of(stream);
  }
  return terminal;
}

int Terminal::columns_of(std::FILE* stream) {
  winsize size{};
  const int fd = ::fileno(stream);
  return fd >= 0 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : Terminal().columns;
}

namespace {

// The code point whose UTF-8 begins at `at`; texts here are valid.
char32_t code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto first = byte(at);
  if (first < 0xc0U) {
    return first;
  }
  const auto more = [&](std::size_t i) { return byte(at + i) & 0x3fU; };
  if (first < 0xe0U) {
    return (first & 0x1fU) << 6U | more(1);
  }
  if (first < 0xf0U) {
    return (first & 0x0fU) << 12U | more(1) << 6U | more(2);
  }
  return (first & 0x07U) << 18U | more(1) << 12U | more(2) << 6U | more(3);
}

// Combining marks take no column, East Asian wide characters and emoji two (Unicode's annex 11).
int columns_of(char32_t point) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr Range k_none[] = {{0x300, 0x36f}, {0x200b, 0x200f}, {0xfe00, 0xfe0f}};
  constexpr Range k_wide[] = {{0x1100, 0x115f},  {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                              {0xf900, 0xfaff},  {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                              {0xffe0, 0xffe6},  {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
                              {0x20000, 0x3fffd}};
  const auto in = [point](const auto& ranges) {
    return std::any_of(std::begin(ranges), std::end(ranges), [point](const Range& range) {
      return range.first <= point && point <= range.last;
    });
  };
  return in(k_none) ? 0 : in(k_wide) ? 2 : 1;
}

struct Clipped {
  std::string_view text;
  int columns = 0;
};

// The start of `text` that fills at most `columns` columns; escape sequences take none.
Clipped clip(std::string_view text, int columns) {
  int used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1b) {
      while (i < text.size() && text[i] != 'm') {
        ++i;
      }
    } else if ((c & 0xc0U) != 0x80) {
      const int more = columns_of(code_point(text, i));
      if (used + more > columns) {
        return {text.substr(0, i), used};
      }
      used += more;
    }
  }
  return {text, used};
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
    const int columns = Terminal::columns_of(m_stream);
    if (m_has_status && m_status_columns > columns) {
      clear();
    }
    m_terminal.columns = columns;
    const auto shown = clip(text, columns - 1);
    std::fprintf(m_stream, "\r%.*s\x1b[0m\x1b[K", static_cast<int>(shown.text.size()),
                 shown.text.data());
    std::fflush(m_stream);
    m_has_status = true;
    m_status_columns = shown.columns;
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
    clear();
    std::fflush(m_stream);
    m_has_status = false;
  }
}

// A window that has become narrower since the status line was drawn shows it on several rows.
void LinePrinter::clear() {
  const int columns = std::max(1, Terminal::columns_of(m_stream));
  const int rows = (std::max(1, m_status_columns) + columns - 1) / columns;
  if (rows > 1) {
    std::fprintf(m_stream, "\x1b[%dA\r\x1b[J", rows - 1);
  } else {
    std::fputs("\r\x1b[K", m_stream);
  }
}

}  // namespace cni_matrix
