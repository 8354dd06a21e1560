#pragma once

#include <cstddef>
#include <cstdint>

// What a file of the trace directory looks like: k_magic, then chunks of
//   tag (1 byte), length (4 bytes, little-endian), that many bytes.
// The recorder appends as things happen, so that a call whose recorder was killed is readable up to
// that moment; a file without a Tag::end chunk is a call that has not ended. Streams come in
// pieces.
namespace cni_matrix::recorder {

inline constexpr char k_magic[] = "cni-matrix call 1\n";
inline constexpr std::size_t k_magic_size = sizeof(k_magic) - 1;
inline constexpr std::size_t k_chunk_header_size = 5;

enum class Tag : char {
  plugin = 'p',        // name
  start = 's',         // CLOCK_MONOTONIC, nanoseconds, decimal
  delegated = 'd',     // empty; there when another plugin is the caller
  environment = 'e',   // one NAME=value
  input = 'i',         // piece of standard input
  output = 'o',        // piece of standard output
  error_output = 'r',  // piece of standard error
  fault = 'f',         // name of the fault applied; the last one counts
  withheld = 'w',      // piece of what the plugin printed while its output was kept back
  truncated = 't',     // empty; a stream had more than k_stream_limit bytes
  end = 'x',           // "EXIT SIGNAL END_NS CPU_US", decimal
};

// Bytes of each stream that are kept; all of them are forwarded.
inline constexpr std::size_t k_stream_limit = 1U << 20U;

inline void put_chunk_header(char* to, Tag tag, std::uint32_t size) {
  to[0] = static_cast<char>(tag);
  for (unsigned i = 0; i < 4; ++i) {
    to[1 + i] = static_cast<char>((size >> (8 * i)) & 0xffU);
  }
}

inline std::uint32_t chunk_size(const char* header) {
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i) {
    size |= static_cast<std::uint32_t>(static_cast<unsigned char>(header[1 + i])) << (8 * i);
  }
  return size;
}

}  // namespace cni_matrix::recorder
