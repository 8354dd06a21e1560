#pragma once

#include "base/file.hpp"
#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/fd.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace cni_matrix::artifacts {

// An advisory lock (flock) on a file, held with this object.
class FileLock {
 public:
  enum class Mode { shared, exclusive, try_exclusive };
  // Nothing when try_exclusive finds it held. Error kinds: those of cannot_write.
  // `cancelled`, if there is one, is asked while another run holds it; true ends the wait (error
  // kind: interrupted).
  static Expected<std::optional<FileLock>> acquire(const std::filesystem::path& file, Mode mode,
                                                   const std::function<bool()>& cancelled = {});

 private:
  explicit FileLock(Fd fd) : m_fd(std::move(fd)) {}
  Fd m_fd;
};

// The cache on disk:
//   store/SHA-256/manifest.json, bin/   what is verified and unpacked; put there by one rename
//   index/                              what is remembered: suites, resolved versions, failures
//   downloads/SHA-256.part              partial files
//   apt/SUITE/                          private apt roots
//   locks/  tmp/
class Cache {
 public:
  explicit Cache(std::filesystem::path root) : m_root(std::move(root)) {}

  [[nodiscard]] const std::filesystem::path& root() const { return m_root; }
  [[nodiscard]] std::filesystem::path store() const { return m_root / "store"; }
  [[nodiscard]] std::filesystem::path index() const { return m_root / "index"; }
  [[nodiscard]] std::filesystem::path downloads() const { return m_root / "downloads"; }
  [[nodiscard]] std::filesystem::path apt() const { return m_root / "apt"; }
  [[nodiscard]] std::filesystem::path locks() const { return m_root / "locks"; }
  [[nodiscard]] std::filesystem::path temporary() const { return m_root / "tmp"; }

  // Whoever else may write to the cache, or put another in its place, chooses what we run. What is
  // ours and open to our group alone is closed to it. Error kind: input, naming what belongs to
  // somebody else or is open to all.
  [[nodiscard]] Expected<void> check_ours() const;

  // Make the directories. Error kinds: those of cannot_write.
  [[nodiscard]] Expected<void> create() const;

  // The entry of that digest, if it is there, complete and, to the byte, what was put there. Marks
  // it as used now. Of one that is there and is not so, `damage` tells what is wrong.
  // Error kind: interrupted, when `cancelled` says so while digests are taken.
  [[nodiscard]] Expected<std::optional<Artifact>> find(
      const std::string& sha256, std::string* damage = nullptr,
      const std::function<bool()>& cancelled = {}) const;

  // Where an entry is put together: artifacts are unpacked into bin/ of it.
  struct Staging {
    TemporaryDirectory directory;
    Fd lock;  // tells remove_debris that its owner lives
    [[nodiscard]] std::filesystem::path entry() const { return directory.path() / "entry"; }
    [[nodiscard]] std::filesystem::path bin() const { return entry() / "bin"; }
  };
  [[nodiscard]] Expected<Staging> stage() const;

  // Record the digests of what was unpacked and move it into the store, whole.
  [[nodiscard]] Expected<Artifact> commit(const Staging& staging, Artifact artifact,
                                          const std::function<bool()>& cancelled = {}) const;

  // What runs that were killed left in tmp/. Returns the bytes freed.
  std::uintmax_t remove_debris() const;

 private:
  std::filesystem::path m_root;
};

// The manifest of an entry, with the version that its binaries told where that was noted.
// Error kind: broken when it is damaged.
Expected<Artifact> read_manifest(const std::filesystem::path& entry);

// Regular files below a directory, added up.
std::uintmax_t size_of_tree(const std::filesystem::path& directory);

}  // namespace cni_matrix::artifacts
