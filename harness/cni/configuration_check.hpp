#pragma once

#include "go/json_parse.hpp"

#include <string>

namespace cni_matrix::cni {

// Whether the text of a configuration file is one to the libcni of any containerd: one loads it,
// or dies over it. `is_list` says which it is by its name (.conflist), as go-cni does. The error is
// what the newest libcni says.
go::Decoded<void> check_configuration(const std::string& text, bool is_list);

}  // namespace cni_matrix::cni
