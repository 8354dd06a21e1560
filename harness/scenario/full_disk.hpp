#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>

// A full disk below /var/lib/cni: a small file system of its own takes the place of a directory,
// with what was in it, and is filled up. As on a real one, a file can still be made there and has
// no room for data, and what is deleted makes room.
namespace cni_matrix::scenario {

// `what` is "cache" (libcni's results) or "ipam" (host-local's leases). Error kind: broken.
Expected<void> fill_disk(const std::string& what);

// The directory is an ordinary one again, with what is in it by then. Error kind: broken.
Expected<void> free_disk(const std::string& what);

}  // namespace cni_matrix::scenario
