#pragma once

#include <cni_matrix/base/exit_status.hpp>

#include <cstdio>
#include <filesystem>

namespace cni_matrix::cli {

class Command;

// `cni-matrix store list [--json]`
struct StoreListArguments {
  bool json = false;
  std::filesystem::path cache;  // empty: cache_directory()
};

// One line for each entry. Returns a good ending. Error kind: input.
Expected<Ending> store_list_command(const StoreListArguments& arguments, std::FILE* out);

// `cni-matrix store prune [--unused-for DAYS] [--all]`
struct StorePruneArguments {
  int unused_for_days = 30;
  bool all = false;
  std::filesystem::path cache;  // empty: cache_directory()
};

// Removes what no run asked for lately. Returns a good ending. Error kinds: input, broken.
Expected<Ending> store_prune_command(const StorePruneArguments& arguments, std::FILE* out);

// Adds the command and its options to the program's.
void add_store(Command& program);

}  // namespace cni_matrix::cli
