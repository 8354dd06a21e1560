#include "parents.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"

#include <cstdint>
#include <limits>
#include <list>
#include <optional>
#include <sstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

namespace fs = std::filesystem;

constexpr int k_most_links = 40;  // as the kernel follows

// The id that stands for all owners that our user namespace does not map; nothing where it maps
// all.
std::optional<uid_t> unmapped_owner() {
  std::uint64_t mapped = 0;
  std::istringstream map(read_file("/proc/self/uid_map").value_or(""));
  for (std::uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) {
    mapped += count;
  }
  if (mapped >= std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  std::istringstream text(read_file("/proc/sys/kernel/overflowuid").value_or(""));
  uid_t id = 0;
  return text >> id ? std::optional(id) : std::nullopt;
}

class Walk {
 public:
  explicit Walk(fs::path cache) : m_cache(std::move(cache)) {}

  // From the root on, as the kernel resolves it.
  Expected<void> go() {
    std::error_code error;
    const auto absolute = fs::absolute(m_cache, error);
    std::list<fs::path> names(absolute.begin(), absolute.end());
    // What the path ends with is the cache itself.
    while (!names.empty() && names.back().empty()) {
      names.pop_back();
    }
    fs::path at = "/";
    for (int links = 0; !names.empty() && links <= k_most_links;) {
      const auto name = names.front();
      names.pop_front();
      if (name.is_absolute()) {
        at = "/";
        continue;
      }
      if (name.empty() || name == ".") {
        continue;
      }
      if (name == "..") {
        at = at.parent_path();
        continue;
      }
      TRY(check_directory(at));
      const auto next = at / name;
      struct stat status {};
      // What is not there is made by us; what cannot be looked at cannot be opened either.
      if (names.empty() || ::lstat(next.c_str(), &status) != 0) {
        return {};
      }
      if (!S_ISLNK(status.st_mode)) {
        at = next;
        continue;
      }
      ++links;
      // In a directory where all may write, its owner can change where it leads.
      TRY(check_owner(next, status));
      const auto target = fs::read_symlink(next, error);
      names.insert(names.begin(), target.begin(), target.end());
    }
    return {};
  }

 private:
  Expected<void> check_directory(const fs::path& directory) {
    struct stat status {};
    if (::lstat(directory.c_str(), &status) != 0) {
      return {};
    }
    TRY(check_owner(directory, status));
    // The sticky bit leaves to others what is theirs.
    if ((status.st_mode & S_ISVTX) != 0) {
      return {};
    }
    if ((status.st_mode & S_IWOTH) != 0) {
      return refused(directory, "can be written to by everybody");
    }
    // A group that a user has to itself is that user.
    if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid()) {
      return refused(directory, fmt::format("can be written to by group {}", status.st_gid));
    }
    return {};
  }

  Expected<void> check_owner(const fs::path& path, const struct stat& status) {
    const auto owner = status.st_uid;
    // An owner that is not mapped is nobody whom this namespace knows: root outside, most of all.
    if (owner == 0 || owner == ::geteuid() || owner == m_unmapped) {
      return {};
    }
    return refused(path, fmt::format("belongs to user {} and not to you or root", owner));
  }

  [[nodiscard]] tl::unexpected<Error> refused(const fs::path& path, std::string_view why) const {
    return input_error(
        "{}, on the way to the cache {}, {}, so what the cache holds cannot be trusted; set "
        "CNI_MATRIX_CACHE to a directory that nobody else can move or replace",
        path.string(), m_cache.string(), why);
  }

  fs::path m_cache;
  std::optional<uid_t> m_unmapped = unmapped_owner();
};

}  // namespace

Expected<void> check_parents(const fs::path& cache) {
  return Walk(cache).go();
}

}  // namespace cni_matrix::artifacts
