#pragma once

#include <cstddef>

#include <sys/types.h>

namespace cni_matrix::recorder {

// read(2), again when a signal came in between.
ssize_t read_again(int fd, char* to, std::size_t size);

// All of it, also where our caller gave us a non-blocking pipe. False when nobody reads it.
bool write_all(int fd, const char* from, std::size_t size);

}  // namespace cni_matrix::recorder
