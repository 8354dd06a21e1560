#include "certificates.hpp"

#include "base/file.hpp"
#include "base/try.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <unistd.h>

namespace cni_matrix::artifacts {

std::filesystem::path certificates_of_environment() {
  for (const auto* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    if (value != nullptr && *value != '\0') {
      return value;
    }
  }
  return {};
}

Expected<void> check_certificates(const std::filesystem::path& file) {
  if (::access(file.c_str(), R_OK) != 0) {
    return input_error("the certificates in {} cannot be read: {}", file.string(),
                       std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
  }
  TRY_ASSIGN(const auto text, read_file(file));
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  // With what OpenSSL calls a trusted certificate too.
  const std::unique_ptr<X509, decltype(&X509_free)> first(
      PEM_read_bio_X509_AUX(memory.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  if (!first) {
    return input_error(
        "{} has no certificate to trust; one begins with "
        "-----BEGIN CERTIFICATE-----",
        file.string());
  }
  return {};
}

}  // namespace cni_matrix::artifacts
