#pragma once

#include <string_view>
#include <vector>

// Debian's suites, in one table: one more release is one more line of it.
namespace cni_matrix::artifacts {

struct DebianSuite {
  std::string_view name;  // "bookworm", as in sources.list(5)
  bool searched = false;  // a bare version is looked for here, after the upstream releases
};

// The releases in their order, which is the one of the versions they have, then what rolls on, then
// the names that move from release to release.
const std::vector<DebianSuite>& debian_suites();

// Of one of Debian's own suites: its place in the table. One that is not there comes after all of
// them.
int rank_of_debian_suite(std::string_view name);

bool is_debian_suite(std::string_view name);

}  // namespace cni_matrix::artifacts
