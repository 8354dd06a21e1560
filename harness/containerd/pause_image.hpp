#pragma once

#include <cni_matrix/base/error.hpp>

#include <string>
#include <string_view>

namespace cni_matrix::containerd {

// An OCI image layout (image-spec, image-layout.md) as a tar archive: one layer with the one file
// /pause, owned by 0:0, so that it unpacks in a user namespace with a single user id. `name`
// becomes the image's name; `architecture` is Go's: "amd64", "arm64". Same input, same bytes. Error
// kind: broken (out of memory).
Expected<std::string> pause_image(std::string_view executable, std::string_view name,
                                  std::string_view architecture);

}  // namespace cni_matrix::containerd
