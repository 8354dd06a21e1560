#pragma once

#include "attempt.hpp"

namespace hostile {

// The attempts from a process that nothing holds but a mount and a network namespace of its own
// (for an ordinary user a user namespace as well, without which there are no others). It has a
// node's files of ours at a node's paths. Outcomes go to standard output. Returns an exit status.
int run_plain(const Target& target);

// A process of the host that has that name, that working folder, a pipe, and the secret among its
// arguments.
int be_decoy(const char* name, const char* folder);

}  // namespace hostile
