#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <set>
#include <string>
#include <vector>

namespace cni_matrix::artifacts {

// Which files of an archive are the component's binaries.
struct Selection {
  std::vector<std::string> directories;  // "bin", "usr/lib/cni"; "" is the archive's root
  std::set<std::string> names;           // empty: every executable there
  std::vector<std::string> required;     // all of them must be there
};

// In upstream's release archives.
Selection release_selection(Component component);
// In Debian's packages. Exact directories: containerd 2.1.9 has files of its tests elsewhere.
Selection debian_selection(Component component);
// In a directory of the user's.
Selection directory_selection(Component component);

}  // namespace cni_matrix::artifacts
