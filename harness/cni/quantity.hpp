#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cni_matrix::cni {

// The value of a Kubernetes quantity ("10M", "1.5Gi", "1e6"), rounded up, as ParseQuantity and
// Value() of k8s.io/apimachinery/pkg/api/resource give it; beyond 2^63 that. The error is theirs.
tl::expected<std::int64_t, std::string> quantity_value(std::string_view text);

}  // namespace cni_matrix::cni
