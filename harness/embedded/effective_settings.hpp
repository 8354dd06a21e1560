#pragma once

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <tl/expected.hpp>

#include <string>
#include <vector>

namespace cni_matrix::embedded {

// What a containerd release makes of a configuration file: keys that it does not know are passed
// over, and so is the whole of CRI in a file of a version that it neither knows nor refuses. The
// answer's bin_dirs says where plugins are; where the file does not say it, they are in `usual`.
// The error is the text with which the release refuses to start with that file.
tl::expected<RuntimeSettings, std::string> effective_settings(
    const Version& containerd, RuntimeSettings settings, const std::vector<std::string>& usual);

}  // namespace cni_matrix::embedded
