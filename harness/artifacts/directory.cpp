#include "directory.hpp"

#include "catalog.hpp"
#include "executable.hpp"
#include "layout.hpp"
#include "probe_memory.hpp"

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
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

// From the memory, or computed and remembered. False when they are not what they were.
bool recall_digests(const std::filesystem::path& memory, const Json& stamps,
                    std::map<std::string, std::string>& binaries) {
  std::error_code error;
  if (memory.empty() || !std::filesystem::exists(memory, error)) {
    return false;
  }
  const auto remembered = load_json(memory);
  if (!remembered || !remembered->is_object() || remembered->value("stamps", Json()) != stamps) {
    return false;
  }
  const auto digests = remembered->value("digests", Json());
  for (auto& [name, digest] : binaries) {
    if (!digests.is_object() || !digests.contains(name) || !digests[name].is_string()) {
      return false;
    }
    digest = digests[name].get<std::string>();
  }
  return true;
}

Expected<void> take_digests(const std::filesystem::path& directory,
                            const std::filesystem::path& memory, const Json& stamps,
                            std::map<std::string, std::string>& binaries) {
  Json digests = Json::object();
  for (auto& [name, digest] : binaries) {
    TRY_ASSIGN(digest, sha256_file(directory / name));
    digests[name] = digest;
  }
  if (!memory.empty()) {
    const Json text{{"stamps", stamps}, {"digests", digests}};
    static_cast<void>(write_file_atomic(memory, text.dump() + "\n"));  // only saves time
  }
  return {};
}

Expected<Told> ask(const Artifact& artifact, std::string_view what,
                   const DirectoryOptions& options) {
  const ProbeMemory memory(options.memory.parent_path());
  const auto program = probe_program(artifact.component, artifact.binaries);
  const auto digest = program.empty() ? std::string() : artifact.binaries.at(program);
  if (auto known = memory.find(artifact.component, digest, what);
      known && !program.empty() && (*known || !options.refresh)) {
    return *known;
  }
  auto told =
      probe(artifact.component, artifact.directory, artifact.binaries, what, options.sandbox);
  if (!program.empty()) {
    memory.remember(artifact.component, digest, what, told);
  }
  return told;
}

// Give the artifact its version: the label, if nothing contradicts it, else what was told.
Expected<void> settle_version(const std::optional<Version>& label, const Told& told,
                              std::string_view what, const DirectoryOptions& options,
                              Artifact& artifact) {
  if (!label) {
    if (told.version) {
      artifact.version = *told.version;
    } else if (options.version_needed) {
      return input_error(
          "{}: the binaries do not tell their version; add it: dir:{}@1.1.1{}", what,
          artifact.directory.string(),
          told.not_asked.empty() ? "" : fmt::format(" (they were not asked: {})", told.not_asked));
    }
    return {};
  }
  artifact.version = *label;
  if (!told.version) {
    artifact.as_labelled = true;
    return {};
  }
  if (same_release(*label, *told.version)) {
    return {};
  }
  if (!options.trust_label) {
    return input_error(
        "{}: the label says {}, and {} there says that it is {}; write dir:{}@{}, or pass "
        "--trust-label for a build that says something else on purpose",
        what, label->str(), probe_program(artifact.component, artifact.binaries),
        told.version->str(), artifact.directory.string(), told.version->str());
  }
  artifact.as_labelled = true;
  artifact.told_version = told.version->str();
  return {};
}

// What the component is made of there. Error kind: input, where it is not complete.
Expected<Listing> usable_in(Component component, const std::filesystem::path& given,
                            std::string_view what) {
  std::error_code error;
  if (!std::filesystem::is_directory(given, error)) {
    return input_error("{}: there is no directory {}", what, given.string());
  }
  const auto directory = std::filesystem::canonical(given, error);
  const auto selection = directory_selection(component);
  TRY_ASSIGN(auto listing, list_executables(directory, selection, what));
  if (listing.executables.empty()) {
    if (listing.files > 0) {
      return input_error("{}: none of the {} files there can be executed; run chmod +x on them",
                         what, listing.files);
    }
    return input_error(
        "{}: {} holds no {}", what, directory.string(),
        component == Component::plugins ? "CNI plugins" : std::string(name_of(component)));
  }
  for (const auto& name : selection.required) {
    if (!std::binary_search(listing.executables.begin(), listing.executables.end(), name)) {
      return input_error("{}: {} is missing in {}, or cannot be executed", what, name,
                         directory.string());
    }
  }
  return listing;
}

}  // namespace

Expected<void> check_directories(Component component, const VersionToken& token) {
  if (token.kind == VersionToken::Kind::directory) {
    TRY(usable_in(component, token.directory, token.text));
  }
  for (const auto& part : token.parts) {
    TRY(check_directories(component, part));
  }
  return {};
}

Expected<Artifact> directory_artifact(Component component, const std::filesystem::path& directory,
                                      const std::optional<Version>& label, std::string_view what,
                                      const DirectoryOptions& options) {
  TRY_ASSIGN(const auto listing, usable_in(component, directory, what));
  std::error_code error;
  Artifact artifact;
  artifact.component = component;
  artifact.provider = "directory";
  artifact.directory = std::filesystem::canonical(directory, error);
  artifact.source = artifact.directory.string();

  Json stamps = Json::object();
  for (const auto& name : listing.executables) {
    stamps[name] = stamp_of(artifact.directory / name);
    artifact.binaries[name];
  }
  if (!recall_digests(options.memory, stamps, artifact.binaries)) {
    TRY(check_architecture(artifact.directory, artifact.binaries, host_architecture(), what));
    TRY(take_digests(artifact.directory, options.memory, stamps, artifact.binaries));
  }
  TRY_ASSIGN(const auto told, ask(artifact, what, options));
  TRY(settle_version(label, told, what, options, artifact));
  return artifact;
}

}  // namespace cni_matrix::artifacts
