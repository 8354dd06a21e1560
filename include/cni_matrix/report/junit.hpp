#pragma once

#include <cni_matrix/report/reporter.hpp>

#include <filesystem>
#include <memory>

namespace cni_matrix::report {

// JUnit XML as CI systems read it: a testsuite per scenario, a testcase per cell, written at the
// end of the run. pass and known are passed tests (a known behaviour is described in system-out),
// fail and leak are failures, skip is skipped, broken and interrupted are errors.
// "-" is standard output. Error kind: input, when the file cannot be written.
Expected<std::unique_ptr<Reporter>> make_junit_reporter(const std::filesystem::path& file);

}  // namespace cni_matrix::report
