#include "secret.hpp"

#include "proof.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace cni_matrix::recorder {

static_assert(std::tuple_size_v<Secret> == k_secret_size);

Expected<Secret> make_secret() {
  Secret secret{};
  if (!random_bytes(secret.data(), secret.size())) {
    return system_error("cannot get random bytes");
  }
  return secret;
}

Expected<std::string> recorder_with_secret(const std::filesystem::path& program,
                                           const Secret& secret) {
  auto read = read_file(program);
  if (!read) {
    return broken("{}; build the target recorder, or install cni-matrix again",
                  read.error().message);
  }
  std::string bytes = std::move(*read);
  const std::string marker(std::begin(k_marker), std::end(k_marker));
  const auto at = bytes.find(marker);
  if (at == std::string::npos || bytes.size() - at < k_marker_size + k_secret_size ||
      bytes.find(marker, at + 1) != std::string::npos) {
    return broken("{} is not the recorder of this version: it has no place for a secret",
                  program.string());
  }
  std::copy(secret.begin(), secret.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(at + k_marker_size));
  return bytes;
}

}  // namespace cni_matrix::recorder
