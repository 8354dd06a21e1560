#include "built_in_version.hpp"

#include <cstddef>
#include <regex>
#include <string>

namespace cni_matrix::artifacts {

std::optional<Version> built_in_version(Component component, const go::BuildInfo& info) {
  static const std::regex module_of[] = {
      std::regex("github\\.com/containerd/containerd(/v[0-9]+)?"),
      std::regex("github\\.com/containernetworking/plugins"),
      std::regex("github\\.com/opencontainers/runc"),
  };
  static const std::regex symbol_of[] = {
      std::regex("github\\.com/containerd/containerd(?:/v[0-9]+)?/version\\.Version="
                 "v?([0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.]+)?)"),
      std::regex("github\\.com/containernetworking/plugins/pkg/utils/buildversion\\.BuildVersion="
                 "v?([0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.]+)?)"),
      std::regex("(?:^|\\s|['\"])main\\.version=v?([0-9]+\\.[0-9]+\\.[0-9]+(-rc[.0-9]+)?)"),
  };
  // A commit between releases (go.dev/ref/mod#pseudo-versions) has the number of the next one.
  static const std::regex between("[0-9]{14}-[0-9a-f]{12}$");
  const auto index = static_cast<std::size_t>(component);
  constexpr std::size_t k_longest = 4096;  // std::regex recurses for each character
  const auto flags = info.settings.find("-ldflags");
  std::smatch match;
  if (std::string text = flags == info.settings.end() ? "" : flags->second.substr(0, k_longest);
      std::regex_search(text, match, symbol_of[index])) {
    if (const auto version = Version::parse(match[1].str())) {
      return *version;
    }
  }
  if (info.main_path.size() < k_longest && std::regex_match(info.main_path, module_of[index])) {
    auto version = Version::parse(info.main_version);
    if (version && version->prerelease.size() < k_longest &&
        !std::regex_search(version->prerelease, between)) {
      return *version;
    }
  }
  return std::nullopt;
}

}  // namespace cni_matrix::artifacts
