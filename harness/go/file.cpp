#include "file.hpp"

#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::go {

namespace {

// An os.PathError's text.
tl::unexpected<std::string> path_error(const char* operation, const std::filesystem::path& path) {
  return tl::unexpected(fmt::format("{} {}: {}", operation, path.string(), error_text(errno)));
}

tl::expected<void, std::string> make_directories(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      return {};
    }
    errno = ENOTDIR;
    return path_error("mkdir", directory);
  }
  if (directory.has_parent_path() && directory.parent_path() != directory) {
    if (auto parent = make_directories(directory.parent_path()); !parent) {
      return parent;
    }
  }
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return path_error("mkdir", directory);
  }
  return {};
}

}  // namespace

std::string error_text(int number) {
  // Go's table is glibc's with a small first letter.
  std::array<char, 128> buffer{};
  std::string text = ::strerror_r(number, buffer.data(), buffer.size());
  if (!text.empty()) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

tl::expected<std::string, std::string> read_file(const std::filesystem::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    return path_error("open", file);
  }
  std::string text;
  std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return path_error("read", file);
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

tl::expected<void, std::string> write_file(const std::filesystem::path& file,
                                           std::string_view text) {
  if (auto made = make_directories(file.parent_path()); !made) {
    return made;
  }
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) {
    return path_error("open", file);
  }
  while (!text.empty()) {
    const ssize_t count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return path_error("write", file);
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace cni_matrix::go
