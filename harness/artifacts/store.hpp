#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace cni_matrix::artifacts {

struct StoreEntry {
  Artifact artifact;
  std::uintmax_t bytes = 0;                         // of its binaries
  std::chrono::system_clock::time_point last_used;  // when a run last asked for it
};

// What the cache holds, in order of component and version. An empty list when there is no cache
// yet. Error kind: input, for a cache that is not ours alone.
Expected<std::vector<StoreEntry>> list_store(const std::filesystem::path& cache);

struct PruneResult {
  std::vector<StoreEntry> removed;
  std::uintmax_t freed_bytes = 0;  // with partial downloads and what interrupted runs left
};

// Remove what no run asked for in the last `unused_for`, partial downloads and debris. Error kind:
// input while a run uses the store and for a cache that is not ours alone; broken when something
// cannot be removed.
Expected<PruneResult> prune_store(const std::filesystem::path& cache,
                                  std::chrono::seconds unused_for);

}  // namespace cni_matrix::artifacts
