#pragma once

#include "trace_format.hpp"

#include <cstddef>
#include <cstdint>

#include <nettle/hmac.h>

// How a recorder and the worker prove to each other that they know the secret of the run, without
// telling it to whoever sits between them: HMAC-SHA256 (RFC 2104) over nonces of both. Used by the
// worker and by the recorder, so nothing in here needs a library but nettle.
namespace cni_matrix::recorder {

inline constexpr std::size_t k_secret_size = 32;
inline constexpr std::size_t k_proof_size = SHA256_DIGEST_SIZE;

// In the recorder's executable the secret stands behind these bytes; see secret.hpp. They must be
// in there once, so the recorder looks at them when it is compiled and never when it runs.
inline constexpr std::size_t k_marker_size = 16;
inline constexpr unsigned char k_marker[k_marker_size] = {
    0xc1, 0x5e, 'c', 'n', 'i', '-', 'm', 'a', 't', 'r', 'i', 'x', 0x00, 0xf7, 0x9b, 0x02};

// The key of one connection: nobody can use what was signed in another one.
class ConnectionProof {
 public:
  ConnectionProof(const unsigned char* secret, const unsigned char* recorder_nonce,
                  const unsigned char* worker_nonce);

  // The worker's answer. k_proof_size bytes.
  void of_worker(unsigned char* to) const;

  // Of the next record, `size` bytes of chunks: it counts them, so that none can be left out,
  // repeated or moved. k_proof_size bytes.
  void of_next_record(const char* chunks, std::size_t size, unsigned char* to);

 private:
  hmac_sha256_ctx m_records;
  unsigned char m_worker[k_proof_size];
  std::uint64_t m_count = 0;
};

// In a time that tells nothing.
bool same_bytes(const unsigned char* left, const unsigned char* right, std::size_t size);

// Random bytes of the kernel. False when it has none (Linux before 3.17).
bool random_bytes(unsigned char* to, std::size_t size);

}  // namespace cni_matrix::recorder
