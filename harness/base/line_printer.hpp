#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace cni_matrix {

// What a stream can show, from isatty, TERM and NO_COLOR.
struct Terminal {
  bool live = false;  // a line can be rewritten
  bool colour = false;
  int columns = 80;

  static Terminal of(std::FILE* stream);
  // How wide the stream's window is now: people resize it.
  static int columns_of(std::FILE* stream);
};

// One status line at the bottom of a terminal that is rewritten in place, with ordinary lines above
// it. Where the stream is no terminal, status lines come out at most once each `heartbeat`.
class LinePrinter {
 public:
  explicit LinePrinter(std::FILE* stream,
                       std::chrono::seconds heartbeat = std::chrono::seconds(10));
  LinePrinter(const LinePrinter&) = delete;
  LinePrinter& operator=(const LinePrinter&) = delete;
  ~LinePrinter();

  void status(std::string_view text);  // clipped to the width that the terminal has now
  void line(std::string_view text);    // stays
  void finish();                       // remove the status line
  [[nodiscard]] const Terminal& terminal() const { return m_terminal; }

 private:
  void clear();

  std::FILE* m_stream;
  Terminal m_terminal;
  std::chrono::seconds m_heartbeat;
  std::chrono::steady_clock::time_point m_last_heartbeat;
  bool m_has_status = false;
  int m_status_columns = 0;  // that the status line takes
};

}  // namespace cni_matrix
