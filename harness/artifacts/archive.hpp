#pragma once

#include "layout.hpp"

#include <cni_matrix/base/error.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace cni_matrix::artifacts {

struct ArchiveLimits {
  std::uint64_t bytes = 2ULL << 30U;        // of everything in it
  std::uint64_t free_bytes = 16ULL << 20U;  // below this the ratio is not looked at
  std::uint64_t ratio = 100;                // bytes that one compressed byte may become
  std::size_t entries = 20'000;
};

enum class ArchiveKind {
  tar,             // gzip, xz, zstd, bzip2 or not compressed
  debian_package,  // ar(5) with data.tar.* in it, deb(5)
};

// Take the selected executables out of an archive, flat and read-only, into `destination`, which
// exists and is empty. An archive with an entry that is absolute, has "..", links out of the tree,
// is a device or has a name that is no UTF-8 is refused as a whole, wherever that entry is; so is a
// decompression bomb. `name` is what errors call it. `cancelled`, if there is one, is asked all the
// time. Error kinds: input, interrupted, those of cannot_write.
Expected<void> unpack(const std::filesystem::path& archive, ArchiveKind kind,
                      const Selection& selection, const std::filesystem::path& destination,
                      std::string_view name, const ArchiveLimits& limits = {},
                      const std::function<bool()>& cancelled = {});

}  // namespace cni_matrix::artifacts
