#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::artifacts {

struct DirectoryOptions {
  // Digests are remembered in this file for as long as size, times and inode of each binary stay as
  // they are, and beside it what they told; empty: no memory.
  std::filesystem::path memory;
  bool refresh = false;        // what is remembered of their not running does not count
  Sandbox sandbox;             // see FetchOptions
  bool trust_label = false;    // see FetchOptions
  bool version_needed = true;  // an error without one
};

// Binaries in a directory of the user's, used where they are. `what` is what an error calls it
// ("dir:/opt/cni/bin"). `label` says what to take them for, and they must not say something else;
// without it they have to tell. Error kinds: input (nothing usable there, or a label that is not
// true), unavailable (it does not run here), interrupted.
Expected<Artifact> directory_artifact(Component component, const std::filesystem::path& directory,
                                      const std::optional<Version>& label, std::string_view what,
                                      const DirectoryOptions& options);

// Whether the directories of a token have the component, as far as that shows without running
// anything. Error kind: input.
Expected<void> check_directories(Component component, const VersionToken& token);

}  // namespace cni_matrix::artifacts
