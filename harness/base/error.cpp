#include <cni_matrix/base/error.hpp>

#include <cerrno>
#include <cstring>

namespace cni_matrix {

tl::unexpected<Error> system_error(const std::string& what) {
  const int number = errno;
  return broken("{}: {}", what, std::strerror(number));  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace cni_matrix
