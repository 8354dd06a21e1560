#include <cni_matrix/base/paths.hpp>

#include <cstdlib>
#include <string>

#include <pwd.h>
#include <unistd.h>

namespace cni_matrix {

namespace {

std::filesystem::path from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once at start
  return value != nullptr && *value == '/' ? value : "";
}

// One of our own variables may be relative to the working directory.
std::filesystem::path ours_from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once at start
  std::error_code ignored;
  return value != nullptr && *value != '\0' ? std::filesystem::absolute(value, ignored) : "";
}

// The folder above bin/ of this very program.
std::filesystem::path prefix() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return self.parent_path().parent_path();
}

// Empty when nobody has told it; places in it are relative then.
std::filesystem::path& installation() {
  static std::filesystem::path prefix;
  return prefix;
}

}  // namespace

void set_installation(const std::filesystem::path& prefix) {
  installation() = prefix;
}

const std::filesystem::path& data_directory() {
  static const auto directory = [] {
    if (auto set = ours_from_environment("CNI_MATRIX_DATA"); !set.empty()) {
      return set;
    }
    // Installed, or in a build folder of a source tree: wherever that was moved to.
    for (const auto& place : {installation() / "share/cni-matrix", prefix() / "share/cni-matrix",
                              prefix().parent_path()}) {
      if (place.is_absolute() && std::filesystem::exists(place / "matrix/profiles.json")) {
        return place;
      }
    }
    return std::filesystem::path(CNI_MATRIX_SOURCE_DATA_DIR);
  }();
  return directory;
}

Expected<void> check_data_directory() {
  const auto file = data_directory() / "matrix/profiles.json";
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return {};
  }
  return ours_from_environment("CNI_MATRIX_DATA").empty()
             ? broken("{} is missing; install cni-matrix again", file.string())
             : input_error(
                   "CNI_MATRIX_DATA: there is no {}; set it to the folder that has matrix/ and "
                   "scenarios/, or leave it out",
                   file.string());
}

const std::filesystem::path& libexec_directory() {
  static const auto directory = [] {
    for (const auto& place : {installation() / "libexec/cni-matrix",
                              prefix() / "libexec/cni-matrix", prefix() / "libexec"}) {
      if (place.is_absolute() && std::filesystem::exists(place / "recorder")) {
        return place;
      }
    }
    return std::filesystem::path(CNI_MATRIX_BUILD_LIBEXEC_DIR);
  }();
  return directory;
}

std::filesystem::path cache_directory() {
  if (auto set = ours_from_environment("CNI_MATRIX_CACHE"); !set.empty()) {
    return set;
  }
  if (auto set = from_environment("XDG_CACHE_HOME"); !set.empty()) {
    return set / "cni-matrix";
  }
  if (auto set = from_environment("HOME"); !set.empty()) {
    return set / ".cache/cni-matrix";
  }
  // Nowhere else: in a folder that others can write to, they would choose what we run.
  const auto* const user = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe)
  return user != nullptr && user->pw_dir != nullptr && *user->pw_dir == '/'
             ? std::filesystem::path(user->pw_dir) / ".cache/cni-matrix"
             : std::filesystem::path();
}

std::string_view program_version() {
  return CNI_MATRIX_VERSION;
}

}  // namespace cni_matrix
