#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>

// A full disk: a small file system of its own takes the place of a directory,
// with what was in it, and is filled up. As on a real one, a file can still be made there and has
// no room for data, and what is deleted makes room.
namespace cni_matrix::scenario {

// Error kind: broken.
Expected<void> fill_disk(const std::filesystem::path& directory);

// The directory is an ordinary one again, with what is in it by then. Error kind: broken.
Expected<void> free_disk(const std::filesystem::path& directory);

}  // namespace cni_matrix::scenario
