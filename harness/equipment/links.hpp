#pragma once

#include "description.hpp"

#include <cni_matrix/base/error.hpp>

// Links and routes of a description, made in the node by its own ip(8).
namespace cni_matrix::equipment {

// One that is there already (after a reboot) is set up again. Error kinds: unavailable, for a kind
// that the kernel lacks; input, with what ip says.
Expected<void> make_link(const Link& link);
Expected<void> make_route(const Route& route);

}  // namespace cni_matrix::equipment
