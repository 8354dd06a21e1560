#pragma once

#include "../proof.hpp"

#include <cni_matrix/base/fd.hpp>

#include <cstddef>

namespace cni_matrix::recorder {

struct Worker {
  Fd fd;
  ConnectionProof proof;
};

// Connect to the worker at `socket` and let it prove that it knows our secret. Ends the program
// (refuse) when that cannot be.
Worker meet_worker(const char* socket);

// All of it. False when nobody reads it any more.
bool send_all(int fd, const char* from, std::size_t size);

// Do not run the plugin, since the call cannot be recorded: an error object (SPEC section 5) on
// standard output, since that is what every runtime and plugin passes on, the same in words on
// standard error, and k_refused_status. `why` needs no escapes in JSON.
[[noreturn]] void refuse(const char* why);

}  // namespace cni_matrix::recorder
