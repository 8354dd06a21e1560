#pragma once

#include <cni_matrix/base/error.hpp>

#include <functional>

#include <sys/types.h>

namespace cni_matrix {

// Programs that are not trusted (a containerd, a plugin) are started by a thread of its own, whose
// children have other namespaces than we: they neither see nor reach us. A thread, since a process
// cannot come back from a PID namespace of its children (setns(2)), and since PDEATHSIG is about
// the thread that forked.

// Start that thread; `enter` is run on it once, before anything else. Error kind: broken, or what
// `enter` says.
Expected<void> begin_apart(std::function<Expected<void>()> enter);

// Run `work` on that thread and wait for its end; here, where there is no such thread. What it
// starts is a child of this process all the same.
void run_apart(const std::function<void()>& work);

// A process's number as foreign programs see it, and the other way round. Without such a thread
// both are the same. Error kind: broken, when there is no such process.
Expected<pid_t> pid_as_seen_apart(pid_t pid);
Expected<pid_t> pid_seen_apart_as(pid_t pid);

}  // namespace cni_matrix
