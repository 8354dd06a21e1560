#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cni_matrix::artifacts {

// What the Go binaries in a directory tell of themselves, without running them; of one that tells
// no modules (a build in GOPATH mode), what matrix/builds.json knows of its digest. Scripts and
// other programs have no part in it. Nothing when one of them is a build that nothing is known of.
std::optional<Modules> modules_in(const std::filesystem::path& directory,
                                  const std::map<std::string, std::string>& binaries);

// What a Debian package's Built-Using names: "golang-github-coreos-go-iptables (= 0.6.0-1)" is
// github.com/coreos/go-iptables 0.6.0.
Modules modules_of_packages(std::string_view built_using);

// Of both; nothing where one of them does not tell.
std::optional<Modules> together(std::optional<Modules> one, const std::optional<Modules>& other);

// The three numbers of a version, without what distributions and modules put around them: "v0.6.0",
// "0.6.0-1" and "go0.6" are 0.6.0. Empty where there are none.
std::string plain_version(std::string_view version);

}  // namespace cni_matrix::artifacts
