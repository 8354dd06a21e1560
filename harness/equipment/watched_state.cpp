#include "watched_state.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace cni_matrix::equipment {

namespace {

namespace fs = std::filesystem;

constexpr int k_deepest = 8;
constexpr std::size_t k_most = 10'000;  // entries of one state

bool fits(const std::vector<std::string>& globs, const std::string& path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, path); });
}

// The folder in which what fits the glob can lie; the path itself where it is none.
fs::path root_of(const std::string& glob) {
  const auto star = glob.find_first_of("*?");
  return star == std::string::npos ? fs::path(glob) : fs::path(glob.substr(0, star)).parent_path();
}

class Walk {
 public:
  explicit Walk(const WatchedState& state) : m_state(state) {}

  void go(const fs::path& path, int depth) {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (error || !fs::exists(status) || m_found.size() >= k_most) {
      return;
    }
    const bool enters = fs::is_directory(status) && depth < k_deepest;
    if (!enters || fs::is_empty(path, error)) {
      take(path.string());
      return;
    }
    for (auto entry = fs::directory_iterator(path, error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      go(entry->path(), depth + 1);
    }
  }

  std::vector<std::string> found() && { return std::move(m_found); }

 private:
  void take(const std::string& path) {
    if (fits(m_state.paths, path) && !fits(m_state.residue, path)) {
      m_found.push_back(fmt::format("{} {}", m_state.name, printable(path)));
    }
  }

  const WatchedState& m_state;
  std::vector<std::string> m_found;
};

}  // namespace

std::vector<std::string> list_state(const std::vector<WatchedState>& state) {
  std::vector<std::string> all;
  for (const auto& one : state) {
    Walk walk(one);
    for (const auto& glob : one.paths) {
      walk.go(root_of(glob), 0);
    }
    auto found = std::move(walk).found();
    all.insert(all.end(), found.begin(), found.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace cni_matrix::equipment
