#pragma once

namespace cni_matrix::recorder {

// The folder of real plugins, the worker's socket and the faults directory. Fixed, so that no
// plugin's environment decides what is run; the variant for unit tests, which have no node, takes
// them below $RECORDER_TEST_ROOT.
const char* real_plugins();
const char* trace_socket();
const char* faults_directory();

}  // namespace cni_matrix::recorder
