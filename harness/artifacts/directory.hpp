#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::artifacts {

// Binaries in a directory of the user's, used where they are. `what` is what an error calls it
// ("dir:/opt/cni/bin"). `version` says what to take them for; without it they are asked. Digests
// are remembered in `memory` for as long as size, time and inode of each file stay as they are;
// empty: no memory. Error kinds: input (nothing usable there), unavailable (it does not run here).
Expected<Artifact> directory_artifact(Component component, const std::filesystem::path& directory,
                                      const std::optional<Version>& version, std::string_view what,
                                      const std::filesystem::path& memory);

}  // namespace cni_matrix::artifacts
