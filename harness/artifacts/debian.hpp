#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cni_matrix::artifacts {

// A Debian archive and its security archive. Addresses; empty when there is none.
struct DebianArchives {
  std::string main;
  std::string security;
};

// What the apt configuration of a host names: sources.list, sources.list.d/*.list and *.sources
// (sources.list(5)). Entries for Debian's own suites count; a host of another distribution has
// none.
DebianArchives host_archives(const std::filesystem::path& etc_apt = "/etc/apt");

// "1.6.20~ds1-1+deb12u3" as 1.6.20, "1.0.0~rc93+ds1-5" as 1.0.0-rc93 (deb-version(7)).
Expected<Version> upstream_version(std::string_view package_version);

struct DebianPackage {
  std::string version;  // "1.6.20~ds1-1+deb12u3"
  std::string sha256;   // of the .deb, from the signed index
  // Built-Using and Static-Built-Using: "golang-1.19 (= 1.19.8-2), golang-dbus (= 5.1.0-1)".
  std::string built_using;
};

// What a suite has. Remembered in the index, so that the next run starts without apt.
struct SuiteIndex {
  bool rolling = false;  // testing, unstable: it changes without a point release
  std::chrono::system_clock::time_point read_at;
  std::map<Component, DebianPackage> packages;

  static std::optional<SuiteIndex> load(const std::filesystem::path& file);
  [[nodiscard]] Expected<void> save(const std::filesystem::path& file) const;
};

std::string package_of(Component component);  // "containernetworking-plugins"

// apt with a root of its own for one suite: its lists, cache and sources are below `root`, and the
// host's are not touched. Works for an ordinary user. Signatures are checked against the archive
// keyring of Debian, always.
class AptSuite {
 public:
  AptSuite(std::string suite, std::filesystem::path root, DebianArchives archives,
           const FetchOptions& options);

  // Read the suite's index over the network. Error kinds: unavailable, interrupted,
  // those of cannot_write.
  Expected<SuiteIndex> update();
  // Into `directory`; apt checks it against the signed index. Error kinds: unavailable,
  // interrupted, those of cannot_write.
  Expected<std::filesystem::path> download(const std::string& package, const std::string& version,
                                           const std::filesystem::path& directory);
  // Why the archive itself cannot be reached, if that was the last error: no other suite can be
  // read either then.
  [[nodiscard]] const std::string& archive_away() const { return m_away; }

 private:
  Expected<void> configure() const;
  [[nodiscard]] bool is_silent_since(std::chrono::system_clock::time_point start) const;
  [[nodiscard]] tl::unexpected<Error> stopped() const;
  [[nodiscard]] std::vector<std::string> environment() const;
  [[nodiscard]] bool read_release(SuiteIndex& index) const;

  std::string m_suite;
  std::filesystem::path m_root;
  DebianArchives m_archives;
  const FetchOptions& m_options;
  std::string m_away;
};

}  // namespace cni_matrix::artifacts
