#include "recording.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "recorder/refusal.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/paths.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace cni_matrix::run {

namespace {

Expected<RunRecorder> make_recorder() {
  TRY_ASSIGN(const auto secret, recorder::make_secret());
  TRY_ASSIGN(auto program,
             recorder::recorder_with_secret(libexec_directory() / "recorder", secret));
  return RunRecorder{secret, std::move(program)};
}

// A recorder that could not reach the collector told the runtime so, and nobody else.
bool was_refused(const scenario::Outcome& outcome) {
  const auto tells = [](const std::string& text) {
    return text.find(recorder::k_refusal) != std::string::npos;
  };
  if (std::any_of(outcome.steps.begin(), outcome.steps.end(),
                  [&](const scenario::StepResult& step) { return tells(step.error); })) {
    return true;
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(layout::k_logs, error)) {
    const auto log = read_file(entry.path());
    if (log && tells(*log)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Expected<const RunRecorder*> run_recorder() {
  static const auto recorder = make_recorder();
  if (!recorder) {
    return tl::unexpected(recorder.error());
  }
  return &*recorder;
}

void check_recording(recorder::Collector& collector, scenario::Outcome& outcome) {
  auto troubles = collector.troubles(outcome.interruptions);
  if (was_refused(outcome)) {
    troubles.emplace_back("a recorder did not run its plugin, since it could not reach us");
  }
  if (troubles.empty()) {
    return;
  }
  scenario::StepResult step;
  step.step = "trace";
  step.detail = "recorder";
  step.error = fmt::format("{}", fmt::join(troubles, "; "));
  outcome.steps.push_back(std::move(step));
}

}  // namespace cni_matrix::run
