#include "random_id.hpp"

#include <vector>

#include <sys/random.h>

namespace cni_matrix::cni {

std::string random_hex(std::size_t bytes) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::vector<unsigned char> random(bytes);
  // Up to 256 bytes come at once; before the kernel's pool is ready the call waits for it.
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = ::getrandom(random.data() + filled, bytes - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    }
  }
  std::string text;
  text.reserve(2 * bytes);
  for (const unsigned char byte : random) {
    text += k_digits[byte >> 4U];
    text += k_digits[byte & 0x0fU];
  }
  return text;
}

}  // namespace cni_matrix::cni
