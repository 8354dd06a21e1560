#include "stacks.hpp"

#include "artifacts/store.hpp"
#include "base/text.hpp"
#include <cni_matrix/base/paths.hpp>
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <cstdlib>
#include <regex>

namespace cni_matrix::containerd {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> stored(artifacts::Component component) {
  std::vector<fs::path> folders;
  if (const auto entries = artifacts::list_store(cache_directory())) {
    for (const auto& entry : *entries) {
      if (entry.artifact.component == component) {
        folders.push_back(entry.artifact.directory);
      }
    }
  }
  return folders;
}

std::vector<fs::path> containerd_folders() {
  if (const char* named = std::getenv("CNI_MATRIX_TEST_CONTAINERD_DIRS")) {
    const auto texts = split(named, ':');
    return {texts.begin(), texts.end()};
  }
  auto folders = stored(artifacts::Component::containerd);
  if (const auto system = find_program("containerd"); folders.empty() && !system.empty()) {
    folders.push_back(system.parent_path());
  }
  return folders;
}

}  // namespace

// "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3"
std::vector<TestContainerd> containerds() {
  std::vector<TestContainerd> found;
  static const std::regex version_text(R"( v?(\d+\.\d+\.\d+))");
  for (const fs::path& folder : containerd_folders()) {
    const auto result = run_program({(folder / "containerd").string(), "--version"});
    std::smatch match;
    if (result && std::regex_search(result->out, match, version_text)) {
      found.push_back({Version::parse(match[1].str()).value(), folder});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
  return found;
}

fs::path plugins() {
  std::vector<fs::path> candidates;
  if (const char* named = std::getenv("CNI_MATRIX_TEST_PLUGINS_DIR")) {
    candidates.emplace_back(named);
  } else {
    candidates = stored(artifacts::Component::plugins);
    std::reverse(candidates.begin(), candidates.end());
    candidates.emplace_back("/usr/lib/cni");
    candidates.emplace_back("/opt/cni/bin");
  }
  const auto usable = [](const fs::path& folder) {
    return fs::exists(folder / "bridge") && fs::exists(folder / "host-local") &&
           fs::exists(folder / "loopback");
  };
  const auto found = std::find_if(candidates.begin(), candidates.end(), usable);
  return found == candidates.end() ? fs::path() : *found;
}

}  // namespace cni_matrix::containerd
