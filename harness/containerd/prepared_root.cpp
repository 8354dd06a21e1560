#include "prepared_root.hpp"

#include "daemon.hpp"
#include "pause_image.hpp"
#include "tar.hpp"

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/process.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;

fs::path digest_file(const fs::path& root) {
  return root.string() + ".sha256";
}

// Device, inode, size and the times of change: another file, or other bytes, have another stamp.
using Stamp =
    std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

std::optional<Stamp> stamp_of(const fs::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return Stamp{status.st_dev,         status.st_ino,          status.st_size,
               status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
               status.st_ctim.tv_nsec};
}

// Part of the file's name: raise it when the way of preparing changes.
constexpr int k_format = 1;

Expected<std::string> go_architecture() {
  utsname names{};
  ::uname(&names);
  const std::string_view machine = names.machine;
  if (machine == "x86_64") {
    return "amd64";
  }
  if (machine == "aarch64") {
    return "arm64";
  }
  return unavailable("the pause image is made for amd64 and arm64, and this machine is {}",
                     machine);
}

Expected<void> import_image(const ContainerdOptions& options, const std::string& image) {
  // Not in $TMPDIR: the host's may not be there in a node.
  const auto archive = options.config.parent_path() / "pause.tar";
  TRY(write_file(archive, image));
  std::vector<std::string> argv = {(options.binaries / "ctr").string(),
                                   "--address",
                                   options.socket.string(),
                                   "--namespace",
                                   "k8s.io",
                                   "images",
                                   "import",
                                   "--snapshotter",
                                   "native"};
  if (options.version.major >= 2) {
    // Else the transfer service unpacks, and it knows of no native snapshotter unless it is told.
    argv.emplace_back("--local");
  }
  argv.push_back(archive.string());
  CommandOptions command;
  command.environment = daemon_environment(options);
  command.timeout = options.timeouts.call;
  command.foreign = true;
  TRY_ASSIGN(const CommandResult result, run_program(argv, command));
  std::error_code ignored;
  std::filesystem::remove(archive, ignored);
  if (!result.ok()) {
    return broken("ctr of containerd {} cannot import the pause image: {}", options.version.str(),
                  result.timed_out ? "it does not end" : printable(trim(result.err + result.out)));
  }
  return {};
}

}  // namespace

std::filesystem::path prepared_root_file(const std::filesystem::path& cache,
                                         std::string_view containerd_sha256,
                                         std::string_view pause_sha256) {
  const std::string key =
      sha256(fmt::format("{}\n{}\n{}\n", k_format, containerd_sha256, pause_sha256));
  return cache / "containerd-roots" / (key + ".tar");
}

Expected<void> build_root(const ContainerdOptions& options, const std::filesystem::path& pause,
                          int fd) {
  TRY_ASSIGN(const std::string executable, read_file(pause));
  TRY_ASSIGN(const std::string architecture, go_architecture());
  TRY_ASSIGN(const std::string image, pause_image(executable, k_pause_image, architecture));
  {
    TRY_ASSIGN(Daemon daemon, Daemon::start(options));
    TRY(import_image(options, image));
    TRY(daemon.stop());
  }
  TarWriter tar(fd);
  TRY(tar.add_tree(options.root));
  TRY(tar.finish());
  return {};
}

Expected<void> save_root(int fd, const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return broken("cannot make {}: {}; choose another cache with CNI_MATRIX_CACHE",
                  file.parent_path().string(), error.message());
  }
  std::string bytes;
  char buffer[1U << 16U];
  for (off_t offset = 0;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof(buffer), offset);
    if (count < 0) {
      return system_error("cannot read the prepared root");
    }
    if (count == 0) {
      break;
    }
    bytes.append(buffer, static_cast<std::size_t>(count));
    offset += count;
  }
  // The digest first: whoever looks in between finds a root that it does not fit, and builds one.
  TRY(write_file_atomic(digest_file(file), sha256(bytes) + "\n"));
  return write_file_atomic(file, bytes);
}

bool is_good_root(const fs::path& file) {
  static std::map<fs::path, Stamp> good;  // that were looked at; the runner has one thread
  const auto stamp = stamp_of(file);
  if (!stamp) {
    return false;
  }
  if (const auto known = good.find(file); known != good.end() && known->second == *stamp) {
    return true;
  }
  std::error_code error;
  if (!fs::exists(digest_file(file), error)) {
    return false;  // made before digests were noted, or half of it was removed
  }
  const auto noted = read_file(digest_file(file));
  const auto found = sha256_file(file);
  if (!noted || !found || trim(*noted) != *found) {
    return false;
  }
  good[file] = *stamp;
  return true;
}

Expected<void> place_root(const std::filesystem::path& file,
                          const std::filesystem::path& directory) {
  return unpack_tar(file, directory);
}

}  // namespace cni_matrix::containerd
