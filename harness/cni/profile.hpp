#pragma once

#include "libcni_traits.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace cni_matrix::cni {

// What is inside one containerd release: the libraries that its CNI behaviour comes from. Read from
// matrix/profiles.json, whose entries were read off the go.mod or vendor.conf of each release tag.
struct Profile {
  Version containerd;            // as asked for
  Version listed;                // the release that the entry is of; another patch when not listed
  Version go_cni;                // 1.1.9; the commits before v1.0.0 behave as 1.0.0
  Version libcni;                // 1.1.2
  std::optional<Version> go;     // that built it: 1.19.8; absent where that is not known
  std::string loopback_version;  // cniVersion of go-cni's own cni-loopback network: "0.3.1"
};

LibcniTraits traits_of(const Profile& profile);

// What a build of a release has inside, where it is known of the build itself.
struct BuiltWith {
  std::optional<Version> go_cni;
  std::optional<Version> libcni;
  std::optional<Version> go;
};

// The profile of a containerd version. A patch version that is not listed takes the newest listed
// one of its minor below it, or else the oldest above it. Error kind: input, for a version whose
// minor is not listed (older than 1.3.0, for one) or a profiles.json that is not as it should be.
Expected<Profile> profile_for(const Version& containerd);

// The same of a build.
Expected<Profile> profile_for(const Version& containerd, const BuiltWith& built);

// The same from another file; profile_for reads data_directory()/matrix/profiles.json once.
Expected<Profile> profile_for(const Version& containerd, const std::filesystem::path& profiles);

}  // namespace cni_matrix::cni
