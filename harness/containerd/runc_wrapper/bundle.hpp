#pragma once

#include <string>

namespace cni_matrix {

// Edit a bundle's config.json (OCI runtime-spec, config-linux.md): linux.cgroupsPath and
// linux.resources go, and devpts loses its gid=5, which a user namespace with one id does not have.
// False when `text` is no JSON object.
bool edit_bundle_config(const std::string& text, std::string& edited);

}  // namespace cni_matrix
