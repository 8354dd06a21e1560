#pragma once

#include "../trace_format.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cni_matrix::recorder {

// The file of one call. A plugin call goes on whatever happens to its record: when the file cannot
// be made or written (missing directory, full tmpfs), recording ends there, silently.
class TraceFile {
 public:
  // `folder` is the trace directory; `environment` ends with a null pointer, CNI_* is kept of it.
  TraceFile(const char* folder, std::string_view plugin, std::int64_t start_ns, bool delegated,
            char** environment);

  // Tag::input, output, error_output, withheld
  void stream(Tag tag, const char* bytes, std::size_t size);
  void fault(std::string_view name);
  void end(int exit_code, int signal, std::int64_t end_ns, std::int64_t cpu_us);

 private:
  void append(Tag tag, std::string_view content);
  void flush();  // everything since the last flush in one write

  Fd m_fd;
  std::size_t m_kept[4] = {0, 0, 0, 0};
  bool m_truncated = false;
  std::size_t m_used = 0;
  char m_buffer[96U << 10U];
};

}  // namespace cni_matrix::recorder
