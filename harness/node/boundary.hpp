#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/fd.hpp>

#include <cstdint>
#include <string>

namespace cni_matrix::node {

// What holds a node's processes, besides namespaces.
enum class Boundary {
  own_ids,     // root's: a user namespace with a range of ids that nobody else has
  same_ids,    // root's, where no such range can be mapped: it holds capabilities only
  user,        // an ordinary user's: a user namespace with that one id
  privileged,  // root's with --privileged: no user namespace
};
std::string_view name_of(Boundary boundary);  // "root in a user namespace", ...

// The ids of nodes: 0 to size-1 in a node are base to base+size-1 of the host's.
struct IdMap {
  Boundary boundary = Boundary::user;
  std::uint32_t base_uid = 0;
  std::uint32_t base_gid = 0;
  std::uint32_t size = 1;
  Fd lock;  // while it is open no other run takes the range

  [[nodiscard]] bool in_user_namespace() const { return boundary != Boundary::privileged; }
};

// The ids that the nodes of this process have; chosen at the first call and kept until it ends.
// Ranges lie above all that systemd and the tools of containers give away (systemd's
// UIDS-GIDS.md: from 1879048192 on nobody does) and clear of /etc/subuid and /etc/subgid. A range
// is locked by an abstract socket, which goes with the process, however that ends. Error kind:
// unavailable, when every range is taken.
Expected<const IdMap*> node_ids(bool privileged);

}  // namespace cni_matrix::node
