#include "directory.hpp"

#include "executable.hpp"
#include "layout.hpp"

#include <cni_matrix/artifacts/catalog.hpp>
#include <cni_matrix/base/digest.hpp>
#include <cni_matrix/base/file.hpp>
#include <cni_matrix/base/json.hpp>

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

struct Listing {
  std::vector<std::string> executables;
  std::size_t files = 0;
};

// The files that are the component's, links followed.
Expected<Listing> list_executables(const std::filesystem::path& directory,
                                   const Selection& selection, std::string_view what) {
  std::error_code error;
  std::filesystem::directory_iterator items(directory, error);
  if (error) {
    return input_error("{}: cannot read {}: {}", what, directory.string(), error.message());
  }
  Listing listing;
  for (const auto& item : items) {
    const auto name = item.path().filename().string();
    if ((!selection.names.empty() && !selection.names.contains(name)) ||
        !std::filesystem::is_regular_file(item.path(), error)) {
      continue;
    }
    ++listing.files;
    if (::access(item.path().c_str(), X_OK) == 0) {
      listing.executables.push_back(name);
    }
  }
  std::sort(listing.executables.begin(), listing.executables.end());
  return listing;
}

// Size, time of change and inode: enough to see that a file is another one.
Json stamp_of(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return nullptr;
  }
  return Json::array({status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                      status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_ino});
}

}  // namespace

Expected<Artifact> directory_artifact(Component component, const std::filesystem::path& directory,
                                      const std::optional<Version>& version, std::string_view what,
                                      const std::filesystem::path& memory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return input_error("{}: there is no directory {}", what, directory.string());
  }
  Artifact artifact;
  artifact.component = component;
  artifact.provider = "directory";
  artifact.directory = std::filesystem::canonical(directory, error);
  artifact.source = artifact.directory.string();
  const auto selection = directory_selection(component);
  CNI_MATRIX_TRY_ASSIGN(const auto listing, list_executables(artifact.directory, selection, what));
  if (listing.executables.empty()) {
    if (listing.files > 0) {
      return input_error("{}: none of the {} files there can be executed; run chmod +x on them",
                         what, listing.files);
    }
    return input_error(
        "{}: {} holds no {}", what, artifact.directory.string(),
        component == Component::plugins ? "CNI plugins" : std::string(name_of(component)));
  }
  for (const auto& name : selection.required) {
    if (!std::binary_search(listing.executables.begin(), listing.executables.end(), name)) {
      return input_error("{}: {} is missing in {}, or cannot be executed", what, name,
                         artifact.directory.string());
    }
  }

  Json stamps = Json::object();
  for (const auto& name : listing.executables) {
    stamps[name] = stamp_of(artifact.directory / name);
    artifact.binaries[name];
  }
  Json remembered = Json::object();
  if (!memory.empty() && std::filesystem::exists(memory, error)) {
    if (auto json = load_json(memory); json && json->is_object()) {
      remembered = std::move(*json);
    }
  }
  Json found_version;
  if (remembered.value("stamps", Json()) == stamps &&
      remembered.value("digests", Json()).is_object()) {
    for (auto& [name, digest] : artifact.binaries) {
      digest = remembered["digests"].value(name, "");
    }
    found_version = remembered.value("version", Json());
  } else {
    CNI_MATRIX_TRY(
        check_architecture(artifact.directory, artifact.binaries, host_architecture(), what));
    CNI_MATRIX_TRY_ASSIGN(const auto told,
                          probe(component, artifact.directory, artifact.binaries, what));
    Json digests = Json::object();
    for (auto& [name, digest] : artifact.binaries) {
      CNI_MATRIX_TRY_ASSIGN(digest, sha256_file(artifact.directory / name));
      digests[name] = digest;
    }
    found_version = told ? Json(told->str()) : Json();
    if (!memory.empty()) {
      const Json text{{"stamps", stamps}, {"digests", digests}, {"version", found_version}};
      static_cast<void>(write_file_atomic(memory, text.dump() + "\n"));  // only saves time
    }
  }
  if (version) {
    artifact.version = *version;
  } else if (found_version.is_string()) {
    CNI_MATRIX_TRY_ASSIGN(artifact.version, Version::parse(found_version.get<std::string>()));
  } else {
    return input_error("{}: the binaries do not tell their version; add it: dir:{}@1.1.1", what,
                       directory.string());
  }
  return artifact;
}

}  // namespace cni_matrix::artifacts
