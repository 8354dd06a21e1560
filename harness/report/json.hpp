#pragma once

#include <cni_matrix/run/listener.hpp>

#include <filesystem>
#include <memory>

namespace cni_matrix::report {

// The canonical form of a run, matrix/run.schema.json: one JSON document, written as the run goes,
// one cell a line, complete after an interruption too. What is in `file` stays until the run
// starts.
// "-" is standard output. Error kind: input, when the file cannot be written.
Expected<std::unique_ptr<run::Listener>> make_json_reporter(const std::filesystem::path& file);

}  // namespace cni_matrix::report
