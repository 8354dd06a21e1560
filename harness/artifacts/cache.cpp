#include "cache.hpp"

#include "parents.hpp"
#include "writing.hpp"

#include "base/digest.hpp"
#include "base/try.hpp"
#include <cni_matrix/base/json.hpp>

#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

constexpr std::chrono::seconds k_debris_age{60};  // between mkdtemp and its lock passes less
constexpr std::chrono::milliseconds k_look{20};

}  // namespace

Expected<std::optional<FileLock>> FileLock::acquire(const std::filesystem::path& file, Mode mode,
                                                    const std::function<bool()>& cancelled) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) {
    return cannot_write(file, errno);
  }
  int operation = mode == Mode::shared ? LOCK_SH : LOCK_EX;
  if (cancelled || mode == Mode::try_exclusive) {
    operation |= LOCK_NB;  // NOLINT(hicpp-signed-bitwise)
  }
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK && mode == Mode::try_exclusive) {
      return std::nullopt;
    }
    if (errno == EWOULDBLOCK) {
      if (cancelled()) {
        return fail(ErrorKind::interrupted, "stopped while another run was waited for");
      }
      std::this_thread::sleep_for(k_look);
      continue;
    }
    if (errno != EINTR) {
      return system_error(fmt::format("cannot lock {}", file.string()));
    }
  }
  return FileLock(std::move(fd));
}

Expected<void> Cache::create() const {
  for (const auto& directory : {store(), index(), downloads(), apt(), locks(), temporary()}) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) {
      return cannot_write(directory, error.value());
    }
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
      return cannot_write(directory, errno);
    }
  }
  return {};
}

namespace {

tl::unexpected<Error> not_ours(const std::filesystem::path& path, std::string_view why) {
  return input_error(
      "{} {}, so what it holds cannot be trusted; remove it, or set CNI_MATRIX_CACHE to a "
      "directory "
      "of your own",
      path.string(), why);
}

Expected<void> check_owner(const std::filesystem::path& path, const struct stat& status) {
  if (status.st_uid != ::geteuid()) {
    return not_ours(path, fmt::format("belongs to user {} and not to you", status.st_uid));
  }
  if (!S_ISLNK(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
    return not_ours(path, "can be written to by everybody");
  }
  return {};
}

// With its owner's rights and none for others to write.
void close_to_group(const std::filesystem::path& path, const struct stat& status) {
  if (!S_ISLNK(status.st_mode) && (status.st_mode & S_IWGRP) != 0) {
    ::chmod(path.c_str(), status.st_mode & 07777U & ~static_cast<mode_t>(S_IWGRP));
  }
}

}  // namespace

Expected<void> Cache::check_ours() const {
  if (m_root.empty()) {
    return input_error(
        "there is no home directory to keep binaries in; set CNI_MATRIX_CACHE to a directory");
  }
  TRY(check_parents(m_root));
  const Fd root(::open(m_root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) {
    const int number = errno;
    struct stat nothing {};
    if (::lstat(m_root.c_str(), &nothing) != 0) {
      return {};  // it will be made, or that it cannot be will be said
    }
    errno = number;
    return input_error(
        "the cache {} cannot be opened: {}{}", m_root.string(), std::strerror(errno),
        errno == ENOTDIR || errno == ELOOP ? "; it must be a directory and no link" : "");
  }
  struct stat status {};
  if (::fstat(root.get(), &status) != 0) {
    return system_error("cannot look at " + m_root.string());
  }
  TRY(check_owner(m_root, status));
  if ((status.st_mode & S_IWGRP) != 0) {
    return not_ours(m_root, "can be written to by its group");
  }
  std::error_code error;
  for (auto item = std::filesystem::recursive_directory_iterator(m_root, error);
       !error && item != std::filesystem::recursive_directory_iterator(); item.increment(error)) {
    struct stat found {};
    if (::lstat(item->path().c_str(), &found) != 0) {
      continue;  // another run's, which has just gone
    }
    TRY(check_owner(item->path(), found));
    close_to_group(item->path(), found);
  }
  return {};
}

Expected<Artifact> read_manifest(const std::filesystem::path& entry) {
  const auto file = entry / "manifest.json";
  TRY_ASSIGN(const auto json, load_json(file));
  try {
    Artifact artifact;
    const auto component = json.at("component").get<std::string>();
    if (const auto known = parse_component(component)) {
      artifact.component = *known;
    } else {
      return broken("\"{}\" is no component", component);
    }
    TRY_ASSIGN(artifact.version, Version::parse(json.at("version").get<std::string>()));
    artifact.provider = json.at("provider").get<std::string>();
    artifact.package_version = json.at("package_version").get<std::string>();
    artifact.source = json.at("source").get<std::string>();
    artifact.sha256 = json.at("sha256").get<std::string>();
    artifact.told_version = json.value("told_version", std::string());
    if (json.contains("built_with")) {
      artifact.built_with = json.at("built_with").get<Modules>();
    }
    artifact.directory = entry / "bin";
    for (const auto& [name, binary] : json.at("binaries").items()) {
      struct stat status {};
      if (::stat((artifact.directory / name).c_str(), &status) != 0 ||
          status.st_size != binary.at("bytes").get<off_t>()) {
        return broken("{} is not as {} says", (artifact.directory / name).string(), file.string());
      }
      artifact.binaries.emplace(name, binary.at("sha256").get<std::string>());
    }
    return artifact;
  } catch (const Json::exception& error) {
    return broken("{} is damaged: {}", file.string(), error.what());
  }
}

namespace {

// What tells that a file was not touched since its digest was taken.
std::string stamp_of(const std::filesystem::path& file) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) {
    return {};
  }
  return fmt::format("{} {} {} {}.{} {}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

// What is wrong with an entry: an executable that is not the one that the manifest names, or one
// that it does not name. Empty for a good one. Digests are taken once and remembered in `memory`,
// by the files' stamps. Error kind: interrupted.
Expected<std::string> damage_of(const Artifact& artifact, const std::filesystem::path& memory,
                                const std::function<bool()>& cancelled) {
  std::error_code error;
  Json known = Json::object();
  if (std::filesystem::exists(memory, error)) {
    if (auto json = load_json(memory); json && json->is_object()) {
      known = *std::move(json);
    }
  }
  for (const auto& item : std::filesystem::directory_iterator(artifact.directory, error)) {
    // A conflist may name it, and no report would.
    if (!artifact.binaries.contains(item.path().filename().string())) {
      return fmt::format("{} was not there when it was stored", item.path().string());
    }
  }
  Json now = Json::object();
  for (const auto& [name, digest] : artifact.binaries) {
    const auto file = artifact.directory / name;
    const auto stamp = stamp_of(file) + " " + digest;
    if (known.value(name, Json()) != stamp) {
      const auto found = sha256_file(file, cancelled);
      if (!found && found.error().kind == ErrorKind::interrupted) {
        return tl::unexpected(found.error());
      }
      if (!found) {
        return found.error().message;
      }
      if (*found != digest) {
        return fmt::format("{} was changed: its SHA-256 is {} and not {}", file.string(), *found,
                           digest);
      }
    }
    now[name] = stamp;
  }
  if (now != known) {
    // A read-only cache keeps none.
    static_cast<void>(write_file_atomic(memory, now.dump() + "\n"));
  }
  return std::string();
}

}  // namespace

Expected<std::optional<Artifact>> Cache::find(const std::string& sha256, std::string* damage,
                                              const std::function<bool()>& cancelled) const {
  const auto entry = store() / sha256;
  std::error_code error;
  if (!std::filesystem::exists(entry, error)) {
    return std::nullopt;
  }
  auto artifact = read_manifest(entry);
  std::string wrong;
  if (artifact) {
    TRY_ASSIGN(wrong,
               damage_of(*artifact, index() / fmt::format("checked-{}.json", sha256), cancelled));
  } else {
    wrong = artifact.error().message;
  }
  if (!wrong.empty()) {  // half-written before a power cut, or changed: it is fetched again
    if (damage != nullptr) {
      *damage = wrong;
    }
    return std::nullopt;
  }
  // The time of the manifest is when a run last used the entry; a read-only cache keeps none.
  static_cast<void>(::utimensat(AT_FDCWD, (entry / "manifest.json").c_str(), nullptr, 0));
  return std::move(*artifact);
}

Expected<Cache::Staging> Cache::stage() const {
  auto directory = TemporaryDirectory::create(temporary());
  if (!directory) {
    return broken("{}; make room or set CNI_MATRIX_CACHE to another place",
                  directory.error().message);
  }
  Fd lock(::open(directory->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock) {
    ::flock(lock.get(), LOCK_SH);
  }
  Staging staging{std::move(*directory), std::move(lock)};
  std::error_code error;
  std::filesystem::create_directories(staging.bin(), error);
  if (error) {
    return cannot_write(staging.bin(), error.value());
  }
  ::chmod(staging.entry().c_str(), 0755);
  ::chmod(staging.bin().c_str(), 0755);
  return staging;
}

Expected<Artifact> Cache::commit(const Staging& staging, Artifact artifact,
                                 const std::function<bool()>& cancelled) const {
  Json binaries = Json::object();
  for (const auto& file : std::filesystem::directory_iterator(staging.bin())) {
    TRY_ASSIGN(auto digest, sha256_file(file.path(), cancelled));
    const auto name = file.path().filename().string();
    binaries[name] = {{"sha256", digest}, {"bytes", file.file_size()}};
    artifact.binaries[name] = std::move(digest);
  }
  Json manifest{{"component", name_of(artifact.component)},
                {"provider", artifact.provider},
                {"version", artifact.version.str()},
                {"package_version", artifact.package_version},
                {"source", artifact.source},
                {"sha256", artifact.sha256},
                {"binaries", binaries}};
  if (!artifact.told_version.empty()) {
    manifest["told_version"] = artifact.told_version;
  }
  if (artifact.built_with) {
    manifest["built_with"] = *artifact.built_with;
  }
  TRY(write_file(staging.entry() / "manifest.json", manifest.dump(1) + "\n"));
  const auto place = store() / artifact.sha256;
  if (::rename(staging.entry().c_str(), place.c_str()) != 0) {
    if (errno != ENOTEMPTY && errno != EEXIST) {
      return cannot_write(place, errno);
    }
    TRY_ASSIGN(const auto present, find(artifact.sha256, nullptr, cancelled));
    if (present) {
      return *present;  // somebody else was faster
    }
    // A damaged entry: out of the way with it, then in with ours.
    const auto damaged = staging.directory.path() / "damaged";
    if (::rename(place.c_str(), damaged.c_str()) != 0 ||
        ::rename(staging.entry().c_str(), place.c_str()) != 0) {
      return cannot_write(place, errno);
    }
  }
  artifact.directory = place / "bin";
  return artifact;
}

std::uintmax_t Cache::remove_debris() const {
  std::uintmax_t freed = 0;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(temporary(), error)) {
    const Fd fd(::open(item.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    const auto made = std::filesystem::last_write_time(item.path(), error);
    if (error || std::filesystem::file_time_type::clock::now() - made < k_debris_age || !fd ||
        ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {  // NOLINT(hicpp-signed-bitwise)
      continue;
    }
    freed += size_of_tree(item.path());
    std::filesystem::remove_all(item.path(), error);
  }
  return freed;
}

std::uintmax_t size_of_tree(const std::filesystem::path& directory) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (auto item = std::filesystem::recursive_directory_iterator(directory, error);
       !error && item != std::filesystem::recursive_directory_iterator(); item.increment(error)) {
    if (item->is_regular_file(error) && !item->is_symlink(error)) {
      bytes += item->file_size(error);
    }
  }
  return bytes;
}

}  // namespace cni_matrix::artifacts
