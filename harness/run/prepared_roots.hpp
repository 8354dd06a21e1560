#pragma once

#include "cell_plan.hpp"

#include <cni_matrix/run/runner.hpp>

#include <filesystem>

// A containerd's root with the pause image imported, made once for each containerd and kept in the
// cache: see containerd/prepared_root.hpp.
namespace cni_matrix::run {

// The file in which the image is imported already for this containerd.
Expected<std::filesystem::path> prepared_root(const artifacts::Artifact& containerd,
                                              const std::filesystem::path& cache);

// Make the prepared roots that are missing, one node each, before the first cell needs them.
Expected<void> prepare_roots(const CellPlan& plan, const RunOptions& options, Listener& listener);

}  // namespace cni_matrix::run
