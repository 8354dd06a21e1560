#include "built_with.hpp"

#include "base/text.hpp"
#include "go/build_info.hpp"
#include <cni_matrix/base/json.hpp>
#include <cni_matrix/base/paths.hpp>

#include <fmt/format.h>

#include <regex>
#include <utility>

namespace cni_matrix::artifacts {

namespace {

// Where the name of Debian's source package does not follow from the module's path.
constexpr std::pair<std::string_view, std::string_view> k_renamed[] = {
    {"golang-github-appc-cni", "github.com/containernetworking/cni"},
    {"golang-dbus", "github.com/godbus/dbus"},
};

// A naming of Debian's Go team: the host of the path without its last part, then the path.
constexpr std::pair<std::string_view, std::string_view> k_hosts[] = {
    {"golang-github-", "github.com/"},
    {"golang-golang-x-", "golang.org/x/"},
    {"golang-k8s-", "k8s.io/"},
};

// Empty when the package is no module that we can name.
std::string module_of(std::string_view package) {
  for (const auto& [name, path] : k_renamed) {
    if (package == name) {
      return std::string(path);
    }
  }
  for (const auto& [prefix, host] : k_hosts) {
    if (!package.starts_with(prefix)) {
      continue;
    }
    auto path = std::string(host) + std::string(package.substr(prefix.size()));
    if (host == "github.com/") {
      const auto end_of_owner = path.find('-', host.size());
      if (end_of_owner == std::string::npos) {
        return {};
      }
      path[end_of_owner] = '/';
    }
    return path;
  }
  static const std::regex go("golang-[0-9.]+");
  return std::regex_match(package.begin(), package.end(), go) ? "go" : std::string();
}

void add(Modules& modules, const std::string& path, const std::string& version) {
  const auto [place, is_new] = modules.emplace(path, version);
  if (!is_new && place->second != version) {
    place->second.clear();
  }
}

// By digest, what builds in GOPATH mode were made with.
const std::map<std::string, Modules>& known_builds() {
  static const auto builds = [] {
    std::map<std::string, Modules> result;
    const auto file = load_json(data_directory() / "matrix" / "builds.json");
    if (!file || !file->is_object()) {
      return result;
    }
    for (const auto& build : file->value("builds", Json::array())) {
      const auto modules = build.at("modules").get<Modules>();
      for (const auto& [name, digest] : build.at("sha256").items()) {
        result.emplace(digest.get<std::string>(), modules);
      }
    }
    return result;
  }();
  return builds;
}

// Nothing when it is a Go binary that does not tell.
std::optional<Modules> modules_of(const std::filesystem::path& file, const std::string& digest) {
  const auto info = go::read_build_info(file);
  if (!info || !*info) {
    return Modules();
  }
  const auto& built = **info;
  if (built.modules.empty() && built.main_path.empty()) {
    const auto known = known_builds().find(digest);
    return known == known_builds().end() ? std::nullopt : std::optional(known->second);
  }
  Modules result;
  result["go"] = plain_version(built.go_version);
  for (const auto& [path, version] : built.modules) {
    result[path] = plain_version(version);
  }
  return result;
}

}  // namespace

std::optional<Modules> together(std::optional<Modules> one, const std::optional<Modules>& other) {
  if (!one || !other) {
    return std::nullopt;
  }
  for (const auto& [path, version] : *other) {
    add(*one, path, version);
  }
  return one;
}

std::string plain_version(std::string_view version) {
  // A module that another one stands in for is as new as that one.
  if (const auto replaced = version.rfind(' '); replaced != std::string_view::npos) {
    version.remove_prefix(replaced + 1);
  }
  if (const auto epoch = version.find(':'); epoch != std::string_view::npos) {
    version.remove_prefix(epoch + 1);
  }
  for (const std::string_view prefix : {"go", "v"}) {
    if (version.starts_with(prefix)) {
      version.remove_prefix(prefix.size());
    }
  }
  static const std::regex numbers(R"(^(\d+)(?:\.(\d+))?(?:\.(\d+))?)");
  constexpr std::size_t k_longest = 64;
  std::match_results<std::string_view::const_iterator> match;
  version = version.substr(0, k_longest);
  if (!std::regex_search(version.begin(), version.end(), match, numbers)) {
    return {};
  }
  const auto number = [&](std::size_t i) { return match[i].matched ? match[i].str() : "0"; };
  return fmt::format("{}.{}.{}", number(1), number(2), number(3));
}

Modules modules_of_packages(std::string_view built_using) {
  static const std::regex item(R"(^([a-z0-9][a-z0-9.+-]*) \(= ([^)]+)\)$)");
  constexpr std::size_t k_longest = 256;  // std::regex recurses for each character
  Modules result;
  for (const auto& part : split(built_using, ',')) {
    const auto text = std::string(trim(part));
    std::smatch match;
    if (text.size() > k_longest || !std::regex_match(text, match, item)) {
      continue;
    }
    if (const auto path = module_of(match[1].str()); !path.empty()) {
      add(result, path, plain_version(match[2].str()));
    }
  }
  return result;
}

std::optional<Modules> modules_in(const std::filesystem::path& directory,
                                  const std::map<std::string, std::string>& binaries) {
  Modules result;
  for (const auto& [name, digest] : binaries) {
    const auto modules = modules_of(directory / name, digest);
    if (!modules) {
      return std::nullopt;
    }
    for (const auto& [path, version] : *modules) {
      add(result, path, version);
    }
  }
  return result;
}

}  // namespace cni_matrix::artifacts
