#include "profile.hpp"

#include "listed_releases.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <algorithm>
#include <vector>

namespace cni_matrix::cni {

namespace {

Expected<std::vector<Profile>> load(const std::filesystem::path& file) {
  TRY_ASSIGN(const Json json, load_json(file));
  TRY(check_schema(json, "profiles", file.string()));
  std::vector<Profile> profiles;
  for (const auto& [release, entry] : json.at("containerd").items()) {
    Profile profile;
    TRY_ASSIGN(profile.listed, Version::parse(release));
    TRY_ASSIGN(profile.go_cni, Version::parse(entry.at("go_cni").get<std::string>()));
    TRY_ASSIGN(profile.libcni, Version::parse(entry.at("libcni").get<std::string>()));
    profile.loopback_version = entry.at("loopback_version").get<std::string>();
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

Expected<Profile> choose(const std::vector<Profile>& profiles, const Version& containerd,
                         const std::filesystem::path& file) {
  const Profile* below = nullptr;
  const Profile* above = nullptr;
  for (const auto& profile : profiles) {
    const Version& listed = profile.listed;
    if (listed.major != containerd.major || listed.minor != containerd.minor) {
      continue;
    }
    if (listed <= containerd) {
      if (below == nullptr || below->listed < listed) {
        below = &profile;
      }
    } else if (above == nullptr || listed < above->listed) {
      above = &profile;
    }
  }
  const Profile* chosen = below != nullptr ? below : above;
  if (chosen == nullptr) {
    std::vector<std::string> series;
    for (const auto& profile : profiles) {
      auto one = fmt::format("{}.{}", profile.listed.major, profile.listed.minor);
      if (std::find(series.begin(), series.end(), one) == series.end()) {
        series.push_back(std::move(one));
      }
    }
    return input_error(
        "{}: no profile of containerd {}.{}, so the embedded runtime cannot stand in for {}; take "
        "a version of {}, or --runtime daemon",
        file.string(), containerd.major, containerd.minor, containerd.str(), short_list(series));
  }
  Profile profile = *chosen;
  profile.containerd = containerd;
  return profile;
}

const std::filesystem::path& shipped_file() {
  static const std::filesystem::path file = data_directory() / "matrix" / "profiles.json";
  return file;
}

// Read once.
Expected<const std::vector<Profile>*> shipped() {
  static const Expected<std::vector<Profile>> profiles = load(shipped_file());
  if (!profiles) {
    return tl::unexpected(profiles.error());
  }
  return &*profiles;
}

}  // namespace

Expected<Profile> profile_for(const Version& containerd, const std::filesystem::path& profiles) {
  TRY_ASSIGN(const auto loaded, load(profiles));
  return choose(loaded, containerd, profiles);
}

Expected<Profile> profile_for(const Version& containerd) {
  TRY_ASSIGN(const auto* profiles, shipped());
  return choose(*profiles, containerd, shipped_file());
}

Expected<Profile> profile_for(const Version& containerd, const BuiltWith& built) {
  TRY_ASSIGN(auto profile, profile_for(containerd));
  profile.go_cni = built.go_cni.value_or(profile.go_cni);
  profile.libcni = built.libcni.value_or(profile.libcni);
  profile.go = built.go;
  return profile;
}

LibcniTraits traits_of(const Profile& profile) {
  static const Version k_json_v2{1, 27, 0, ""};
  auto traits = LibcniTraits::of(profile.libcni);
  if (profile.go && *profile.go >= k_json_v2) {
    traits.json = go::JsonPackage::v2;
  }
  return traits;
}

Expected<std::vector<Version>> listed_releases() {
  TRY_ASSIGN(const auto* profiles, shipped());
  std::vector<Version> releases;
  for (const auto& profile : *profiles) {
    releases.push_back(profile.listed);
  }
  std::sort(releases.begin(), releases.end());
  return releases;
}

}  // namespace cni_matrix::cni
