#pragma once

#include <string>

namespace cni_matrix {

// Edit a bundle's config.json (OCI runtime-spec, config-linux.md): linux.cgroupsPath and
// linux.resources go, and devpts loses its gid=5, which a user namespace with one id does not have.
// False when `text` is no JSON object.
bool edit_bundle_config(const std::string& text, std::string& edited);

// What `runc ps --format json` would print for a container with one process, "[123]", from runc's
// state.json; empty when that names none.
std::string process_list(const std::string& state);

}  // namespace cni_matrix
