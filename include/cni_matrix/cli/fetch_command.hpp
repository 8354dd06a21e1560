#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/error.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::cli {

// `cni-matrix fetch [--containerd T,...] [--plugins T,...] [--runc T,...] [--mirror URL]
//                   [--debian-mirror URL] [--catalog FILE] [--offline] [--refresh]`
struct FetchArguments {
  std::vector<std::string> containerd;  // version tokens
  std::vector<std::string> plugins;
  std::vector<std::string> runc;
  artifacts::FetchOptions options;  // progress and notice are set by the command
  std::filesystem::path cache;      // empty: cache_directory()
};

// Fills the store without running a cell; one line of `out` for each token, a status line on
// `err`. What this machine cannot have is told and is no failure of the command, as such cells are
// skipped too. Returns the exit status: 0, or 4 when nothing at all could be had. Error kinds:
// those of Provisioner::ensure but `unavailable`.
Expected<int> fetch_command(const FetchArguments& arguments, std::FILE* out, std::FILE* err);

}  // namespace cni_matrix::cli
