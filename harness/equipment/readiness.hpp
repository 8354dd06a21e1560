#pragma once

#include "description.hpp"

#include <cni_matrix/base/error.hpp>

#include <string_view>

namespace cni_matrix::equipment {

// Whether a daemon is as ready as its description says, by now. `printed` is what it has printed
// since it was started. Error kind: broken.
Expected<bool> is_ready(const Readiness& ready, Where where, std::string_view printed);

// Whether a socket has that port, in the text of /proc/net/tcp, tcp6, udp or udp6 (proc(5)): of TCP
// one that listens.
bool has_port(std::string_view table, int port, bool udp);

}  // namespace cni_matrix::equipment
