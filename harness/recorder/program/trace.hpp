#pragma once

#include "../trace_format.hpp"
#include "worker.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace cni_matrix::recorder {

// The record of one call, on its way to the worker. When the worker goes away during the call, the
// plugin goes on and its record ends there: the worker knows a call without an end by that.
class Trace {
 public:
  // Ends the program (refuse) when the worker cannot be reached at `socket` or is not the one that
  // knows our secret, so this comes before the plugin. `environment` ends with a null pointer,
  // CNI_* is kept of it.
  Trace(const char* socket, std::string_view plugin, std::int64_t start_ns, char** environment);

  // Tag::input, output, error_output, withheld
  void stream(Tag tag, const char* bytes, std::size_t size);
  void fault(std::string_view name);
  void end(int exit_code, int signal, std::int64_t end_ns, std::int64_t cpu_us);

 private:
  explicit Trace(Worker worker) : m_worker(std::move(worker)) {}
  void append(Tag tag, std::string_view content);
  void flush();  // everything since the last flush as one record

  Worker m_worker;
  std::size_t m_kept[4] = {0, 0, 0, 0};
  bool m_truncated = false;
  std::size_t m_used = 0;  // of the chunks
  // A record is sent as it lies here: header, chunks, proof.
  char m_buffer[k_record_header_size + k_record_limit + k_proof_size];
};

}  // namespace cni_matrix::recorder
