#include "distinct_files.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::report {

namespace {

namespace fs = std::filesystem;

// Where a file is: what the kernel knows it by, or its path where it is not there yet.
struct Place {
  std::optional<std::pair<dev_t, ino_t>> inode;
  fs::path path;
  friend bool operator==(const Place& a, const Place& b) {
    return a.inode || b.inode ? a.inode == b.inode : a.path == b.path;
  }
};

// Through links, also through one that leads to nothing yet.
fs::path normalised(fs::path path) {
  constexpr int k_most_links = 40;  // as the kernel has it
  std::error_code error;
  for (int i = 0; i < k_most_links && fs::is_symlink(path, error); ++i) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  return fs::weakly_canonical(fs::absolute(path, error), error);
}

// Nothing for what many may write to at once: a terminal, /dev/null.
std::optional<Place> place_of(const fs::path& path) {
  struct stat status {};
  const bool there =
      path == "-" ? ::fstat(STDOUT_FILENO, &status) == 0 : ::stat(path.c_str(), &status) == 0;
  if (!there) {
    return path == "-" ? std::nullopt : std::optional(Place{std::nullopt, normalised(path)});
  }
  if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) {
    return Place{std::pair(status.st_dev, status.st_ino), {}};
  }
  return std::nullopt;
}

std::string shown(const NamedFile& file) {
  return file.path == "-" ? file.name : file.name + " " + file.path.string();
}

}  // namespace

Expected<void> check_distinct(const std::vector<NamedFile>& inputs,
                              const std::vector<NamedFile>& outputs) {
  struct Written {
    NamedFile file;
    std::optional<Place> place;
  };
  std::vector<Written> written;
  const bool piped = std::any_of(outputs.begin(), outputs.end(),
                                 [](const NamedFile& file) { return file.path == "-"; });
  if (!piped) {
    written.push_back({{"standard output", "-"}, place_of("-")});  // the report for people
  }
  for (const auto& output : outputs) {
    if (output.path.empty()) {
      continue;
    }
    const auto place = place_of(output.path);
    for (const auto& other : written) {
      if ((output.path == "-" && other.file.path == "-") || (place && place == other.place)) {
        return input_error("{}: {} goes there too; name another file", shown(output),
                           other.file.name);
      }
    }
    written.push_back({output, place});
  }
  for (const auto& input : inputs) {
    if (input.path.empty()) {
      continue;
    }
    const auto place = place_of(input.path);
    for (const auto& output : written) {
      if (place && place == output.place) {
        return input_error("{} would overwrite {}, which is read; name another file",
                           shown(output.file), input.name);
      }
    }
  }
  return {};
}

}  // namespace cni_matrix::report
