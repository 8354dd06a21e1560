#pragma once

#include <cni_matrix/run/listener.hpp>

#include <filesystem>
#include <memory>

namespace cni_matrix::report {

// JUnit XML that Jenkins' schema allows: one testsuite, named after the matrix, and a testcase for
// each run of each cell, written at the end. A testcase's status is the cell's verdict. pass and
// known are passed tests, fail and leak are failures, skip is skipped, broken and interrupted are
// errors; a cell that the run did not come to is skipped ("not run"). What was run with what stands
// in system-out.
// "-" is standard output. Error kind: input, when the file cannot be written.
Expected<std::unique_ptr<run::Listener>> make_junit_reporter(const std::filesystem::path& file);

}  // namespace cni_matrix::report
