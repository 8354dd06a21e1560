#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>

namespace cni_matrix::artifacts {

// The file that curl and OpenSSL would take: $CURL_CA_BUNDLE, $SSL_CERT_FILE; empty for none.
std::filesystem::path certificates_of_environment();

// Whether the file has a certificate to trust, as PEM. Error kind: input.
Expected<void> check_certificates(const std::filesystem::path& file);

}  // namespace cni_matrix::artifacts
