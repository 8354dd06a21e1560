#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/report/diff.hpp>

#include <cstdio>
#include <filesystem>

namespace cni_matrix::cli {

// `cni-matrix diff old.json new.json [--json]`
struct DiffArguments {
  std::filesystem::path before;
  std::filesystem::path after;
  bool json = false;
  bool unicode = true;
};

// Writes the cells that differ to `out`. Returns the exit status: 1 when a verdict changed, 4 when
// the two runs have no cell in common, else 0. Error kind: input.
Expected<int> diff_command(const DiffArguments& arguments, std::FILE* out);

// The same for `run --baseline old.json`, with the outcomes of the run that has just ended.
// `baseline` is read before the run, so that a bad file is noticed before anything runs and may be
// written over.
int show_baseline(const report::Outcomes& baseline, const report::Outcomes& outcomes, bool unicode,
                  std::FILE* out);

}  // namespace cni_matrix::cli
