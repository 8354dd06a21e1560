#include "test_plugins.hpp"

#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <utility>

namespace cni_matrix::test {

TestPlugins find_test_plugins() {
  TestPlugins found;
  found.obstacle = node_obstacle();
  if (found.obstacle.empty() && find_program("iptables").empty()) {
    found.obstacle = "iptables is not installed";
  }
  if (!found.obstacle.empty()) {
    return found;
  }
  auto provisioner = artifacts::Provisioner::open(cache_directory(), {});
  for (const auto& [release, suite] : {std::pair{"0.9.0", "debian:bullseye"},
                                       {"1.1.1", "debian:bookworm"},
                                       {"1.9.1", "debian:forky"}}) {
    const auto plugins = provisioner
                             ? provisioner->ensure(artifacts::Component::plugins, suite)
                             : Expected<artifacts::Artifact>(tl::unexpected(provisioner.error()));
    if (!plugins) {
      found.obstacle = plugins.error().message;
      return found;
    }
    if (plugins->version.str() != release) {
      found.obstacle = std::string(suite) + " has no plugins " + release + " any more";
      return found;
    }
    found.folders[release] = plugins->directory;
  }
  return found;
}

}  // namespace cni_matrix::test
