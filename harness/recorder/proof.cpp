#include "proof.hpp"

#include <cstring>

#include <sys/random.h>

#include <nettle/memops.h>

namespace cni_matrix::recorder {
namespace {

void hash(hmac_sha256_ctx& context, const void* bytes, std::size_t size) {
  ::hmac_sha256_update(&context, size, static_cast<const std::uint8_t*>(bytes));
}

// HMAC(secret, label | recorder's nonce | worker's nonce)
void derive(const unsigned char* secret, const char* label, const unsigned char* recorder_nonce,
            const unsigned char* worker_nonce, unsigned char* to) {
  hmac_sha256_ctx context;
  ::hmac_sha256_set_key(&context, k_secret_size, secret);
  hash(context, label, std::strlen(label) + 1);
  hash(context, recorder_nonce, k_nonce_size);
  hash(context, worker_nonce, k_nonce_size);
  ::hmac_sha256_digest(&context, k_proof_size, to);
}

}  // namespace

ConnectionProof::ConnectionProof(const unsigned char* secret, const unsigned char* recorder_nonce,
                                 const unsigned char* worker_nonce) {
  derive(secret, "worker", recorder_nonce, worker_nonce, m_worker);
  unsigned char key[k_proof_size];
  derive(secret, "records", recorder_nonce, worker_nonce, key);
  ::hmac_sha256_set_key(&m_records, sizeof(key), key);
}

void ConnectionProof::of_worker(unsigned char* to) const {
  std::memcpy(to, m_worker, k_proof_size);
}

void ConnectionProof::of_next_record(const char* chunks, std::size_t size, unsigned char* to) {
  char header[12];
  put_size(header, static_cast<std::uint32_t>(m_count));
  put_size(header + 4, static_cast<std::uint32_t>(m_count >> 32U));
  put_size(header + 8, static_cast<std::uint32_t>(size));
  ++m_count;
  hash(m_records, header, sizeof(header));
  hash(m_records, chunks, size);
  ::hmac_sha256_digest(&m_records, k_proof_size, to);  // and is ready for the next
}

bool same_bytes(const unsigned char* left, const unsigned char* right, std::size_t size) {
  return ::memeql_sec(left, right, size) != 0;
}

bool random_bytes(unsigned char* to, std::size_t size) {
  return ::getrandom(to, size, 0) == static_cast<ssize_t>(size);  // up to 256 bytes come whole
}

}  // namespace cni_matrix::recorder
