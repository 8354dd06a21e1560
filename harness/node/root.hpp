#pragma once

#include "boundary.hpp"
#include "node.hpp"

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <functional>
#include <vector>

namespace cni_matrix::node {

// What the plugin tap opens. A node has it where the machine has, with the machine's permissions.
inline constexpr const char* k_tun = "/dev/net/tun";

struct RootOptions {
  const NodeOptions* node;
  const IdMap* ids;
  int user_namespace;  // with the map of `ids`, for binds; -1: they keep their owners
  int chroot;          // what make_mounts_private() gave
  std::function<Expected<void>(const char* target)> mount_proc;  // of the foreign programs
};

// From now on a mount made in the caller's mount namespace does not show in others, nor theirs in
// it. The root of a caller in a chroot is not the top of its mounts, which is needed to change
// them. Such a caller is taken to the root of the namespace, and the result is a descriptor of the
// folder that was its root before. Error kind: broken.
Expected<Fd> make_mounts_private();

// A folder that the node's foreign programs can only read. `writable` is a second mount of it that
// can be written to and that is attached nowhere, so that only who holds the descriptor reaches it.
struct Guarded {
  const char* target;
  Fd writable;
};

// In a mount namespace of the caller's own: make a node's root and change to it. Whoever is in a
// user namespace made after this can undo none of its mounts. Error kind: broken, or unavailable
// where a container forbids it.
Expected<std::vector<Guarded>> make_root(const RootOptions& options);

// In a user namespace that owns the mount namespace: what the node's own processes may change.
Expected<void> share_mounts();

}  // namespace cni_matrix::node
