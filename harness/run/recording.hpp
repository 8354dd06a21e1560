#pragma once

#include "recorder/collector.hpp"
#include <cni_matrix/scenario/outcome.hpp>

#include <string>

namespace cni_matrix::run {

// The recorder of this process's nodes.
struct RunRecorder {
  recorder::Secret secret;
  std::string program;  // its executable, with the secret inside: to be placed in each node
};

// Made at the first call; the scheduler makes it, so that its cells, which are forks of it, have
// it. Error kind: broken.
Expected<const RunRecorder*> run_recorder();

// Where the calls were not recorded as they should be, one more step of the outcome that failed:
// "trace", of "recorder". It may wait for calls that still run.
void check_recording(recorder::Collector& collector, scenario::Outcome& outcome);

}  // namespace cni_matrix::run
