#pragma once

#include "go/build_info.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/version.hpp>

#include <optional>

namespace cni_matrix::artifacts {

// The version of the component in there: of its main module, or what the linker was told (-X).
std::optional<Version> built_in_version(Component component, const go::BuildInfo& info);

}  // namespace cni_matrix::artifacts
