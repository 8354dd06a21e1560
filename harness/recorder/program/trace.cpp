#include "trace.hpp"

#include <algorithm>
#include <cstdio>

namespace cni_matrix::recorder {
namespace {

constexpr std::size_t k_piece_limit = k_record_limit - k_chunk_header_size;

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

Trace::Trace(const char* socket, std::string_view plugin, std::int64_t start_ns, char** environment)
    : Trace(meet_worker(socket)) {
  append(Tag::plugin, plugin);
  char number[32];
  const int digits =
      std::snprintf(number, sizeof(number), "%lld", static_cast<long long>(start_ns));
  append(Tag::start, {number, static_cast<std::size_t>(digits)});
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable(*environment);
    if (variable.substr(0, 4) == "CNI_") {
      append(Tag::environment, variable);
    }
  }
  flush();
}

void Trace::stream(Tag tag, const char* bytes, std::size_t size) {
  std::size_t& kept = m_kept[slot(tag)];
  const std::size_t keep = std::min(size, k_stream_limit - kept);
  for (std::size_t done = 0; done < keep;) {  // a file as input comes in big pieces
    const std::size_t piece = std::min(keep - done, k_piece_limit);
    append(tag, {bytes + done, piece});
    done += piece;
  }
  kept += keep;
  if (keep < size && !m_truncated) {
    m_truncated = true;
    append(Tag::truncated, {});
  }
  flush();
}

void Trace::fault(std::string_view name) {
  append(Tag::fault, name);
  flush();
}

void Trace::end(int exit_code, int signal, std::int64_t end_ns, std::int64_t cpu_us) {
  char text[96];
  const int length = std::snprintf(text, sizeof(text), "%d %d %lld %lld", exit_code, signal,
                                   static_cast<long long>(end_ns), static_cast<long long>(cpu_us));
  append(Tag::end, {text, static_cast<std::size_t>(length)});
  flush();
}

void Trace::append(Tag tag, std::string_view content) {
  content = content.substr(0, k_piece_limit);  // no CNI_* is this long
  if (m_used + k_chunk_header_size + content.size() > k_record_limit) {
    flush();
  }
  char* const to = m_buffer + k_record_header_size + m_used;
  put_chunk_header(to, tag, static_cast<std::uint32_t>(content.size()));
  std::copy(content.begin(), content.end(), to + k_chunk_header_size);
  m_used += k_chunk_header_size + content.size();
}

void Trace::flush() {
  if (m_worker.fd && m_used > 0) {
    char* const chunks = m_buffer + k_record_header_size;
    put_size(m_buffer, static_cast<std::uint32_t>(m_used));
    m_worker.proof.of_next_record(chunks, m_used,
                                  reinterpret_cast<unsigned char*>(chunks + m_used));
    if (!send_all(m_worker.fd.get(), m_buffer, k_record_header_size + m_used + k_proof_size)) {
      // Half a record may be there; the worker drops it. Nothing may follow it.
      m_worker.fd.reset();
    }
  }
  m_used = 0;
}

}  // namespace cni_matrix::recorder
