#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::artifacts {

// "amd64" or "arm64", as release files and Debian name it; the kernel's name for another machine.
std::string host_architecture();

// Where a release file is, and what it must be.
struct ReleaseFile {
  std::string url;
  std::string name;    // the last part of the URL
  std::string sha256;  // 64 lower-case hexadecimal digits
};

// The release files that we know: matrix/catalog.json, and the user's own catalogs over it. A file
// whose SHA-256 is in no catalog is never fetched.
class Catalog {
 public:
  // Error kind: input, with the file and the place in it.
  static Expected<Catalog> load(const std::vector<std::filesystem::path>& extra = {});

  // `mirror` stands in for the scheme and host of every URL when it is not empty.
  // Error kind: unavailable when no digest is known for that version and architecture.
  [[nodiscard]] Expected<ReleaseFile> find(Component component, const Version& version,
                                           std::string_view architecture,
                                           std::string_view mirror = {}) const;
  // In rising order.
  [[nodiscard]] std::vector<Version> versions(Component component,
                                              std::string_view architecture) const;

 private:
  struct Release {
    std::string base;
    std::string path;
    std::map<std::string, std::string, std::less<>> digests;  // architecture -> SHA-256
  };
  Expected<void> add(const std::filesystem::path& file);
  std::map<Component, std::map<Version, Release>> m_releases;
};

}  // namespace cni_matrix::artifacts
