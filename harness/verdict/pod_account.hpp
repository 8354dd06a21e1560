#pragma once

#include "conditions.hpp"
#include "leftover_account.hpp"

#include <string>

namespace cni_matrix::verdict {

// What became of a pod since its last run.
struct PodAccount {
  bool exists = false;
  std::string id;       // what the runtime calls it; empty: not known
  bool spoilt = false;  // something happened to it that may leave anything
  bool host_network = false;
  bool host_port = false;
  bool run_failed = false;
  std::string state;  // for conditions: "add-failed", "start-failed"
  Creation created;
  std::string record;  // of failed_clean_up
  bool stop_tried = false;
  bool stopped = false;
  bool removed = false;
  bool remove_tried = false;
  Leaks leaves;           // required at the end, unless a later step releases the pod
  Leaks leaks;            // required at the end in any case
  std::string leaves_by;  // ids, for the sentence
};

}  // namespace cni_matrix::verdict
