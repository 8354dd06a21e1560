#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>
#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace cni_matrix::cli {

class Command;

// `cni-matrix fetch [MATRIX] [--containerd T,...] [--plugins T,...] [--runc T,...] [--mirror URL]
//                   [--debian-mirror URL] [--catalog FILE] [--offline] [--refresh]`
struct FetchArguments {
  std::filesystem::path matrix;         // what its cells begin with; empty: the tokens alone
  std::vector<std::string> containerd;  // version tokens
  std::vector<std::string> plugins;
  std::vector<std::string> runc;
  artifacts::FetchOptions options;  // progress and notice are set by the command
  std::filesystem::path cache;      // empty: cache_directory()
  bool privileged = false;          // of the nodes in which binaries tell their version
};

// Fills the store without running a cell; one line of `out` for each token, a status line on
// `err`. What this machine cannot have is told, and the ending is incomplete then. Error kinds:
// those of Provisioner::ensure but `unavailable`.
Expected<Ending> fetch_command(FetchArguments arguments, std::FILE* out, std::FILE* err);

// Adds the command and its options to the program's.
void add_fetch(Command& program);

}  // namespace cni_matrix::cli
