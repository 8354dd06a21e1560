#pragma once

#include <cstddef>
#include <string>

namespace cni_matrix::cni {

// That many random bytes as lower-case hexadecimal digits, from the kernel.
std::string random_hex(std::size_t bytes);

}  // namespace cni_matrix::cni
