#include "digest.hpp"

#include <cni_matrix/base/fd.hpp>

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace cni_matrix {

namespace {

class Sha256 {
 public:
  Sha256() : m_context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(m_context.get(), EVP_sha256(), nullptr);
  }
  void update(const char* data, std::size_t size) { EVP_DigestUpdate(m_context.get(), data, size); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(m_context.get(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += fmt::format("{:02x}", digest.at(i));
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> m_context;
};

}  // namespace

std::string sha256(std::string_view text) {
  Sha256 digest;
  digest.update(text.data(), text.size());
  return digest.hex();
}

Expected<std::string> sha256_file(const std::filesystem::path& file,
                                  const std::function<bool()>& cancelled) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return system_error(fmt::format("cannot read {}", file.string()));
  }
  Sha256 digest;
  std::vector<char> buffer(1U << 18U);
  for (;;) {
    if (cancelled && cancelled()) {
      return fail(ErrorKind::interrupted, "stopped while {} was read", file.string());
    }
    const auto count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return system_error(fmt::format("cannot read {}", file.string()));
    }
    if (count == 0) {
      return digest.hex();
    }
    digest.update(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace cni_matrix
