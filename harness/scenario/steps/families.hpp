#pragma once

#include "../step.hpp"

#include <string>
#include <vector>

// The families of steps: vocabulary() is all of them. A new family is a line here and there.
namespace cni_matrix::scenario::steps {

std::vector<StepKind> run();            // run, cycle
std::vector<StepKind> pods();           // stop, remove, status
std::vector<StepKind> looks();          // addresses, probe, call-api, await
std::vector<StepKind> conflist();       // the cell's own configuration
std::vector<StepKind> configuration();  // files and directories beside it
std::vector<StepKind> runtime();        // restart, replace, kill
std::vector<StepKind> plugins();        // replace, remove, restore
std::vector<StepKind> libcni();         // add, check, gc
std::vector<StepKind> damage();         // to what a pod has
std::vector<StepKind> faults();         // of plugin calls and of the OCI runtime
std::vector<StepKind> machine();        // the node: disks, links, locks, a reboot
std::vector<StepKind> programs();       // daemons and commands of the node

// What follows a run that failed: `stop` and `remove` of the pod.
std::vector<Step> clean_up(const std::string& pod);

}  // namespace cni_matrix::scenario::steps
