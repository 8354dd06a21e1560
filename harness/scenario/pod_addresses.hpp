#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <utility>
#include <vector>

// The addresses of pods, looked at as a whole.
namespace cni_matrix::scenario {

// Of an interface in the pod's network namespace, without link-local ones; none when there is no
// such interface. Error kind: broken.
Expected<std::vector<std::string>> addresses_of(const std::string& netns,
                                                const std::string& interface);

using PodAddresses = std::vector<std::pair<std::string, std::vector<std::string>>>;  // by pod

// What is wrong with them, in a sentence, or nothing: every pod has one, no two pods have the same,
// every pod has one in the network `in`, and none in `outside` (CIDR; either may be empty).
std::string problem_of(const PodAddresses& pods, const std::string& in, const std::string& outside);

}  // namespace cni_matrix::scenario
