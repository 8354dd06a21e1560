#pragma once

#include <cni_matrix/run/listener.hpp>
#include <cni_matrix/run/result.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

namespace cni_matrix::report {

// What a saved run says besides its cells.
struct SavedRun {
  run::Provenance provenance;
  run::RunSummary summary;
  // False: the harness was killed before it could write the summary. The cells that were complete
  // are there, and the summary is counted from them.
  bool complete = true;
};

struct SavedRunVisitor {
  std::function<void(const run::Provenance& provenance, std::size_t cells)> started;
  std::function<void(run::CellResult&& result)> cell;
};

// Read what the JSON reporter wrote, one cell at a time, in little memory; the same document laid
// out otherwise (by an editor, by jq) is read as a whole. Checked against matrix/run.schema.json.
// Error kind: input.
Expected<SavedRun> read_run(const std::filesystem::path& file, const SavedRunVisitor& visitor);

// Tell a reporter of a saved run as if it happened now.
// Error kind: input for the file, broken for what the reporter writes.
Expected<SavedRun> replay(const std::filesystem::path& file, run::Listener& reporter);

// The cells of a saved run that failed, leaked, broke or were interrupted, each once: what
// --rerun-failed runs. Error kind: input.
Expected<std::vector<matrix::Cell>> failed_cells(const std::filesystem::path& file);

}  // namespace cni_matrix::report
