#pragma once

#include <cni_matrix/base/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cni_matrix::trace {

// What the trace itself does not say.
struct TraceFacts {
  // This runtime attaches a pod's networks at the same time by design: containerd since 1.6.0,
  // unless setup_serially is set.
  bool parallel_attach = false;
  // This runtime has K8S_POD_UID among its arguments: containerd since 1.5.3.
  bool pod_uid = true;
  // Every network configuration that the runtime was given, edited ones too: lists ("plugins") and
  // single ones ("type"). Without them, what was declared is not known.
  std::vector<Json> conflists;
  // The newest result that the runtime's libcni reads, "1.0.0"; it takes an ADD with a newer one
  // for failed. Empty when not known.
  std::string highest_result;
  // When a network namespace's path was removed behind the runtime's back: CLOCK_MONOTONIC in
  // nanoseconds by path.
  std::map<std::string, std::int64_t> netns_gone_ns;
};

}  // namespace cni_matrix::trace
