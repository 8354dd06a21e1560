#include "denied.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cni_matrix::run {

std::string denial_note(const std::vector<std::string>& denied, bool is_root) {
  if (denied.empty()) {
    return {};
  }
  return fmt::format("; the node denied {}: {}", fmt::join(denied, ", "),
                     is_root ? "try --privileged" : "only root can give more, with --privileged");
}

}  // namespace cni_matrix::run
