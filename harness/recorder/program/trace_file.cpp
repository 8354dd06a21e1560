#include "trace_file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

namespace cni_matrix::recorder {
namespace {

std::size_t slot(Tag tag) {
  switch (tag) {
    case Tag::input:
      return 0;
    case Tag::output:
      return 1;
    case Tag::withheld:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

TraceFile::TraceFile(const char* folder, std::string_view plugin, std::int64_t start_ns,
                     bool delegated, char** environment) {
  // Start and process id make the name unique: two calls of one process id start at two times.
  char name[PATH_MAX];
  const int length = std::snprintf(name, sizeof(name), "%s/%020lld-%d", folder,
                                   static_cast<long long>(start_ns), static_cast<int>(::getpid()));
  if (length <= 0 || static_cast<std::size_t>(length) >= sizeof(name)) {
    return;
  }
  m_fd.reset(::open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!m_fd) {
    return;
  }
  std::memcpy(m_buffer, k_magic, k_magic_size);
  m_used = k_magic_size;
  append(Tag::plugin, plugin);
  char number[32];
  const int digits =
      std::snprintf(number, sizeof(number), "%lld", static_cast<long long>(start_ns));
  append(Tag::start, {number, static_cast<std::size_t>(digits)});
  if (delegated) {
    append(Tag::delegated, {});
  }
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable(*environment);
    if (variable.substr(0, 4) == "CNI_") {
      append(Tag::environment, variable);
    }
  }
  flush();
}

void TraceFile::stream(Tag tag, const char* bytes, std::size_t size) {
  std::size_t& kept = m_kept[slot(tag)];
  const std::size_t keep = std::min(size, k_stream_limit - kept);
  if (keep > 0) {
    append(tag, {bytes, keep});
    kept += keep;
  }
  if (keep < size && !m_truncated) {
    m_truncated = true;
    append(Tag::truncated, {});
  }
  flush();
}

void TraceFile::fault(std::string_view name) {
  append(Tag::fault, name);
  flush();
}

void TraceFile::end(int exit_code, int signal, std::int64_t end_ns, std::int64_t cpu_us) {
  char text[96];
  const int length = std::snprintf(text, sizeof(text), "%d %d %lld %lld", exit_code, signal,
                                   static_cast<long long>(end_ns), static_cast<long long>(cpu_us));
  append(Tag::end, {text, static_cast<std::size_t>(length)});
  flush();
}

void TraceFile::append(Tag tag, std::string_view content) {
  if (content.size() > sizeof(m_buffer) - k_chunk_header_size) {
    content = content.substr(0, sizeof(m_buffer) - k_chunk_header_size);  // no CNI_* is this long
  }
  if (m_used + k_chunk_header_size + content.size() > sizeof(m_buffer)) {
    flush();
  }
  put_chunk_header(m_buffer + m_used, tag, static_cast<std::uint32_t>(content.size()));
  std::copy(content.begin(), content.end(), m_buffer + m_used + k_chunk_header_size);
  m_used += k_chunk_header_size + content.size();
}

void TraceFile::flush() {
  if (m_fd && ::write(m_fd.get(), m_buffer, m_used) != static_cast<ssize_t>(m_used)) {
    // Half a chunk may be there; the reader drops it. Nothing may follow it.
    m_fd.reset();
  }
  m_used = 0;
}

}  // namespace cni_matrix::recorder
