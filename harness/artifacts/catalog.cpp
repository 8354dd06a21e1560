#include "catalog.hpp"

#include "address.hpp"

#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <algorithm>

namespace cni_matrix::artifacts {

namespace {

constexpr Component k_components[] = {Component::containerd, Component::plugins, Component::runc};

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The file name's form changed in the course of time, so a catalog lists several with the versions
// that each is for; the first that fits counts.
Expected<std::string> path_for(const Json& paths, const Version& version, std::string_view place) {
  for (const auto& entry : paths) {
    TRY_ASSIGN(const auto range, VersionRange::parse(entry.at("versions").get<std::string>()));
    if (range.contains(version)) {
      return entry.at("path").get<std::string>();
    }
  }
  return input_error("{}: no path is given for version {}; add one to \"paths\"", place,
                     version.str());
}

}  // namespace

Expected<Catalog> Catalog::load(const std::vector<std::filesystem::path>& extra) {
  Catalog catalog;
  TRY(catalog.add(data_directory() / "matrix" / "catalog.json"));
  for (const auto& file : extra) {
    TRY_ASSIGN(const auto json, load_json(file));
    TRY(check_schema(json, "catalog", file.string()));
    TRY(catalog.add(file));
  }
  return catalog;
}

Expected<void> Catalog::add(const std::filesystem::path& file) {
  TRY_ASSIGN(const auto json, load_json(file));
  try {
    for (const auto component : k_components) {
      const auto found = json.find(std::string(name_of(component)));
      if (found == json.end()) {
        continue;
      }
      const auto place = fmt::format("{}: /{}", file.string(), name_of(component));
      TRY(check_address(place + "/base", found->at("base").get<std::string>(), {"https", "http"}));
      for (const auto& [text, digests] : found->at("releases").items()) {
        TRY_ASSIGN(const auto version, Version::parse(text));
        TRY_ASSIGN(auto path, path_for(found->at("paths"), version, place));
        Release release{found->at("base").get<std::string>(), std::move(path), {}};
        for (const auto& [architecture, digest] : digests.items()) {
          if (!is_digest(digest.get<std::string>())) {
            return input_error("{}/releases/{}/{} is no SHA-256: 64 lower-case hexadecimal digits",
                               place, text, architecture);
          }
          release.digests.emplace(architecture, digest.get<std::string>());
        }
        m_releases[component][version] = std::move(release);
      }
    }
  } catch (const Json::exception& error) {
    return input_error("{}: is no catalog: {}", file.string(), error.what());
  }
  return {};
}

Expected<ReleaseFile> Catalog::find(Component component, const Version& version,
                                    std::string_view architecture, std::string_view mirror) const {
  const auto releases = m_releases.find(component);
  const auto found = releases == m_releases.end() ? decltype(releases->second.begin()){}
                                                  : releases->second.find(version);
  if (releases == m_releases.end() || found == releases->second.end()) {
    return unavailable(
        "no digest of {} {} is known, and without one nothing is fetched; add it to a catalog of "
        "your own and name that with --catalog",
        name_of(component), version.str());
  }
  const auto& release = found->second;
  const auto digest = release.digests.find(architecture);
  if (digest == release.digests.end()) {
    return unavailable(
        "no digest of {} {} is known for {}; add it to a catalog of your own and name "
        "that with --catalog",
        name_of(component), version.str(), architecture);
  }
  ReleaseFile file;
  auto base = mirror.empty() ? release.base : std::string(mirror);
  while (base.ends_with('/')) {
    base.pop_back();
  }
  const auto path =
      replace_all(replace_all(release.path, "{version}", version.str()), "{arch}", architecture);
  file.url = base + "/" + path;
  file.name = path.substr(path.rfind('/') + 1);
  file.sha256 = digest->second;
  return file;
}

std::vector<Version> Catalog::versions(Component component, std::string_view architecture) const {
  std::vector<Version> versions;
  if (const auto releases = m_releases.find(component); releases != m_releases.end()) {
    for (const auto& [version, release] : releases->second) {
      if (release.digests.contains(architecture)) {
        versions.push_back(version);
      }
    }
  }
  return versions;
}

}  // namespace cni_matrix::artifacts
