#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/version.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::artifacts {

enum class Component { containerd, plugins, runc };

std::string_view name_of(Component component);  // "containerd", "cni-plugins", "runc"
std::optional<Component> parse_component(std::string_view name);

// What a user writes to name a version:
//   1.6.20            the first provider that has it, release before debian
//   release:1.6.2     the upstream release file
//   debian:bookworm   what that Debian suite has
//   dir:/path[@1.6.2] binaries in a directory; @ says which version to take them for
//   debian:bookworm+dir:/path  plugins of the first, and over them those of the others, of which a
//                     directory need not tell a version; a + begins a part where dir:, debian: or
//                     release: follows
struct VersionToken {
  enum class Kind { version, release, debian, directory, overlay } kind = Kind::version;
  std::string text;                 // as written
  std::optional<Version> version;   // of 1.6.20, release:1.6.2, dir:/path@1.6.2; first of several
  std::string suite;                // of debian:
  std::filesystem::path directory;  // of dir:
  std::vector<VersionToken> parts;  // of several, the first too

  [[nodiscard]] bool has_directory() const;  // it, or a part of it, is a dir:

  // Error kind: input.
  static Expected<VersionToken> parse(std::string_view text);
};

// What was built into binaries: the version of each Go module by its path ("0.6.0" by
// "github.com/coreos/go-iptables"), and of Go itself by "go". Builds of one release differ in it. A
// version is empty where the binaries differ among themselves.
using Modules = std::map<std::string, std::string>;

// Binaries that are on this disk, verified and unpacked.
struct Artifact {
  Component component = Component::containerd;
  std::string token;     // as the user wrote it
  std::string provider;  // "release", "debian", "directory"
  Version version;
  // The version is what the user wrote after the @, or in a catalog, and the binary did not confirm
  // it: it tells none, nothing could be run to ask it, or --trust-label took the user's word
  // against its own.
  bool as_labelled = false;
  std::string told_version;     // of an artifact as labelled: what the binary says; mostly empty
  std::string package_version;  // debian: "1.6.20~ds1-1+deb12u3"
  std::string source;           // file name of the archive, package or directory
  std::string sha256;           // of that archive; empty for a directory
  std::filesystem::path directory;              // flat: holds the executables themselves
  std::map<std::string, std::string> binaries;  // name -> SHA-256; of overlays too, where they win
  std::vector<Artifact> overlays;               // what lies over it, the last on top
  // Read from the binaries, or what the signed index of a distribution says of its package. Absent
  // where one of them does not tell: a build in GOPATH mode that nothing is known of.
  std::optional<Modules> built_with;
};

}  // namespace cni_matrix::artifacts
