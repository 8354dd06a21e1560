#include "debian_suites.hpp"

#include <algorithm>

namespace cni_matrix::artifacts {

const std::vector<DebianSuite>& debian_suites() {
  static const std::vector<DebianSuite> suites = {
      {"buster"},       {"bullseye", true}, {"bookworm", true},
      {"trixie", true}, {"forky", true},    {"testing"},
      {"sid"},          {"experimental"},   {"oldoldstable"},
      {"oldstable"},    {"stable"},         {"unstable"},
  };
  return suites;
}

int rank_of_debian_suite(std::string_view name) {
  const auto& suites = debian_suites();
  const auto found = std::find_if(suites.begin(), suites.end(),
                                  [name](const DebianSuite& suite) { return suite.name == name; });
  return static_cast<int>(found - suites.begin());
}

bool is_debian_suite(std::string_view name) {
  return rank_of_debian_suite(name) < static_cast<int>(debian_suites().size());
}

}  // namespace cni_matrix::artifacts
