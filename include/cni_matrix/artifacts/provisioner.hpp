#pragma once

#include <cni_matrix/artifacts/artifact.hpp>
#include <cni_matrix/base/process.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::artifacts {

// Runs a foreign program where it reaches nothing and from where nothing of it stays, and returns
// as run_program does. argv[0] is the name of a file in `directory`, all of which the program sees.
// Error kinds: unavailable, when there is no such place on this machine (nothing was run then);
// broken, when the program cannot be started; interrupted.
using Sandbox = std::function<Expected<CommandResult>(const std::vector<std::string>& argv,
                                                      const std::filesystem::path& directory,
                                                      std::chrono::milliseconds limit)>;

struct FetchOptions {
  bool offline = false;           // use only what is in the store
  bool refresh = false;           // ask again for what is remembered: suites, hosts that were away
  std::string mirror;             // "https://mirror.example/github" in place of https://github.com
  bool debian_fallback = false;   // with a mirror: a bare version may be a Debian package too
  std::string debian_mirror;      // Debian archive; empty: the one of the host's apt configuration
  std::filesystem::path ca_file;  // certificates to trust in place of the system's
  std::vector<std::filesystem::path> extra_catalogs;
  std::function<void(std::string_view)> progress;  // a status line, replaced by the next one
  std::function<void(std::string_view)> notice;    // a line that stays: warnings
  // Asked often; true ends a transfer. Without one: whether a blocked SIGINT, SIGTERM or SIGHUP
  // waits.
  std::function<bool()> cancelled;
  // Where binaries are asked for their version; see run/foreign_program.hpp. Without one none is
  // ever run, and only what can be read in them is known.
  Sandbox sandbox;
  bool trust_label = false;  // a dir: token's version counts, whatever the binary says
  std::chrono::milliseconds connect_timeout{4'000};
  std::chrono::seconds slow_limit{30};         // a transfer of under 1 KiB/s for so long is ended
  std::chrono::milliseconds retry_pause{500};  // before the second attempt; doubles each time
};

// Gets binaries onto this disk: from the store, else from the providers that the token allows.
// Not for several threads at once; several processes may share one cache.
//
// Error kinds: input (the user's directory or catalog, a file that is not what its digest says, a
// cache in other hands or in a place that is not writable), unavailable (this machine cannot have
// it: unknown version, host away, needs a newer libc), broken (no space), interrupted.
class Provisioner {
 public:
  static Expected<Provisioner> open(const std::filesystem::path& cache, FetchOptions options);
  Provisioner(const Provisioner&) = delete;
  Provisioner& operator=(const Provisioner&) = delete;
  Provisioner(Provisioner&&) noexcept;
  Provisioner& operator=(Provisioner&&) noexcept;
  ~Provisioner();

  // The answer, good or bad, is remembered for the life of this object.
  const Expected<Artifact>& ensure(Component component, const VersionToken& token);
  Expected<Artifact> ensure(Component component, std::string_view token);

  // The runc that is installed on this machine. Error kind: unavailable, with the package to
  // install.
  const Expected<Artifact>& host_runc();

 private:
  class Implementation;
  explicit Provisioner(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> m_implementation;
};

}  // namespace cni_matrix::artifacts
