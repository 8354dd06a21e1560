#include "store.hpp"

#include "cache.hpp"

#include "base/try.hpp"

#include <algorithm>

#include <sys/stat.h>

namespace cni_matrix::artifacts {

namespace {

std::chrono::system_clock::time_point modified(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    return {};
  }
  return std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
}

}  // namespace

Expected<std::vector<StoreEntry>> list_store(const std::filesystem::path& cache) {
  TRY(Cache(cache).check_ours());
  std::vector<StoreEntry> entries;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(Cache(cache).store(), error)) {
    auto artifact = read_manifest(item.path());
    if (!artifact) {
      continue;  // not an entry, or one that is damaged: prune removes it
    }
    StoreEntry entry;
    entry.artifact = std::move(*artifact);
    entry.bytes = size_of_tree(entry.artifact.directory);
    entry.last_used = modified(item.path() / "manifest.json");
    entries.push_back(std::move(entry));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return input_error("cannot read {}: {}", Cache(cache).store().string(), error.message());
  }
  std::sort(entries.begin(), entries.end(), [](const StoreEntry& a, const StoreEntry& b) {
    if (a.artifact.component != b.artifact.component) {
      return a.artifact.component < b.artifact.component;
    }
    if (a.artifact.version != b.artifact.version) {
      return a.artifact.version < b.artifact.version;
    }
    return a.artifact.sha256 < b.artifact.sha256;
  });
  return entries;
}

Expected<PruneResult> prune_store(const std::filesystem::path& root,
                                  std::chrono::seconds unused_for) {
  const Cache cache(root);
  TRY(cache.check_ours());
  PruneResult result;
  std::error_code error;
  if (!std::filesystem::exists(cache.store(), error)) {
    return result;
  }
  TRY(cache.create());
  TRY_ASSIGN(const auto lock,
             FileLock::acquire(cache.locks() / "store.lock", FileLock::Mode::try_exclusive));
  if (!lock) {
    return input_error("{} is in use by a run; prune it when that has ended",
                       cache.root().string());
  }
  const auto remove = [&](const std::filesystem::path& path) -> Expected<void> {
    const auto bytes = std::filesystem::is_directory(path, error)
                           ? size_of_tree(path)
                           : std::filesystem::file_size(path, error);
    std::filesystem::remove_all(path, error);
    if (error) {
      return broken("cannot remove {}: {}", path.string(), error.message());
    }
    result.freed_bytes += bytes;
    return {};
  };
  TRY_ASSIGN(auto entries, list_store(root));
  const auto now = std::chrono::system_clock::now();
  std::vector<std::filesystem::path> kept;
  for (auto& entry : entries) {
    const auto place = entry.artifact.directory.parent_path();
    if (now - entry.last_used < unused_for) {
      kept.push_back(place);
      continue;
    }
    TRY(remove(place));
    result.removed.push_back(std::move(entry));
  }
  for (const auto& item : std::filesystem::directory_iterator(cache.store(), error)) {
    if (std::find(kept.begin(), kept.end(), item.path()) == kept.end()) {
      TRY(remove(item.path()));
    }
  }
  for (const auto& directory : {cache.downloads(), cache.apt(), cache.temporary()}) {
    for (const auto& item : std::filesystem::directory_iterator(directory, error)) {
      TRY(remove(item.path()));
    }
  }
  return result;
}

}  // namespace cni_matrix::artifacts
