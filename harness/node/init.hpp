#pragma once

#include "boundary.hpp"
#include "node.hpp"

#include <string>

#include <sys/types.h>

namespace cni_matrix::node {

struct InitOptions {
  const NodeOptions* node;
  const Node::Worker* worker;
  const IdMap* ids;
  // Of the caller: in a user namespace that maps nobody yet, everybody is the overflow id.
  uid_t uid;
  gid_t gid;
  int alive;   // its end of file means that the scheduler is gone
  int output;  // for messages to the scheduler
};

// What PID 1 of a node does: make the node, start reaper and worker, reap, answer forbidden calls,
// and end with the worker or with the scheduler.
[[noreturn]] void run_init(const InitOptions& options);

// Why the kernel makes no namespaces (errno's number), and what to do.
std::string cure_of_refused_namespaces(int number);

}  // namespace cni_matrix::node
