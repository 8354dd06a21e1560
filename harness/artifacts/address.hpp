#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::artifacts {

// Whether an archive or a mirror can be at this address: one of the schemes ("https", "file"), a
// host, nothing that a URL has not. `what` names it in the error, which does not tell the user and
// password that the address may have. Error kind: input.
Expected<void> check_address(std::string_view what, const std::string& address,
                             const std::vector<std::string>& schemes);

}  // namespace cni_matrix::artifacts
