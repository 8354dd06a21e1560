#include "writing.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace cni_matrix::artifacts {

namespace {

// Of a place that is a good one.
bool is_trouble(int number) {
  constexpr int k_troubles[] = {ENOSPC, EDQUOT, EROFS, EIO, ENOMEM, EMFILE, ENFILE};
  return std::find(std::begin(k_troubles), std::end(k_troubles), number) != std::end(k_troubles);
}

}  // namespace

tl::unexpected<Error> cannot_write(const std::filesystem::path& path, int number) {
  return fail(is_trouble(number) ? ErrorKind::broken : ErrorKind::input,
              "cannot write {}: {}; make room or set CNI_MATRIX_CACHE to another place",
              path.string(), std::strerror(number));  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace cni_matrix::artifacts
