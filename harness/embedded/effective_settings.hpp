#pragma once

#include <cni_matrix/base/version.hpp>
#include <cni_matrix/runtime/runtime_settings.hpp>

#include <tl/expected.hpp>

#include <string>
#include <vector>

namespace cni_matrix::embedded {

// What a containerd release makes of a configuration file: keys that it does not know are passed
// over, and so is the whole of CRI in a file of a version that it neither knows nor refuses. In the
// answer bin_dirs says where plugins are, `usual` when the file does not. The error is the
// release's own text, when it does not start with that file.
tl::expected<RuntimeSettings, std::string> effective_settings(
    const Version& containerd, RuntimeSettings settings, const std::vector<std::string>& usual);

}  // namespace cni_matrix::embedded
