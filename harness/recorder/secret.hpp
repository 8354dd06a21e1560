#pragma once

#include <cni_matrix/base/error.hpp>

#include <array>
#include <filesystem>
#include <string>

namespace cni_matrix::recorder {

// What the worker and the recorder of a run know, and the plugins are not to know. Where the
// plugins can read the recorder's executable, they can read it there.
using Secret = std::array<unsigned char, 32>;

// From the kernel's random numbers. Error kind: broken.
Expected<Secret> make_secret();

// The bytes of the recorder's executable `program` with `secret` inside, to be placed in a node.
// Error kind: broken, when it cannot be read or is no recorder.
Expected<std::string> recorder_with_secret(const std::filesystem::path& program,
                                           const Secret& secret);

}  // namespace cni_matrix::recorder
