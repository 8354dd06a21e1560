#pragma once

#include <cstddef>
#include <cstdint>

// What goes over the socket between a recorder and the worker (recorder/collector.hpp), one
// connection a plugin call. Both know the secret of the run; see proof.hpp for what is proved.
//   recorder: k_magic, its nonce
//   worker:   its nonce, the proof that it knows the secret
//   recorder: records until the end of the call, each
//             size (4 bytes, little-endian), that many bytes of whole chunks, the record's proof
// A chunk is
//   tag (1 byte), length (4 bytes, little-endian), that many bytes.
// The recorder writes as things happen, so that of a call whose recorder was killed everything is
// known up to that moment; without a Tag::end chunk a call has not ended. Streams come in pieces.
namespace cni_matrix::recorder {

inline constexpr char k_magic[] = "cni-matrix call 2\n";
inline constexpr std::size_t k_magic_size = sizeof(k_magic) - 1;
inline constexpr std::size_t k_nonce_size = 32;
inline constexpr std::size_t k_hello_size = k_magic_size + k_nonce_size;
inline constexpr std::size_t k_record_header_size = 4;
inline constexpr std::size_t k_record_limit = 96U << 10U;  // bytes of chunks in a record
inline constexpr std::size_t k_chunk_header_size = 5;

enum class Tag : char {
  plugin = 'p',        // name
  start = 's',         // CLOCK_MONOTONIC, nanoseconds, decimal
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

inline void put_size(char* to, std::uint32_t size) {
  for (unsigned i = 0; i < 4; ++i) {
    to[i] = static_cast<char>((size >> (8 * i)) & 0xffU);
  }
}

inline std::uint32_t size_at(const char* from) {
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i) {
    size |= static_cast<std::uint32_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return size;
}

inline void put_chunk_header(char* to, Tag tag, std::uint32_t size) {
  to[0] = static_cast<char>(tag);
  put_size(to + 1, size);
}

inline std::uint32_t chunk_size(const char* header) {
  return size_at(header + 1);
}

}  // namespace cni_matrix::recorder
