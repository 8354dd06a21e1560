#pragma once

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace cni_matrix::go {

// What Go's linker writes into every executable (src/debug/buildinfo of Go). Builds in GOPATH mode,
// as Debian's are, hold the version of Go alone.
struct BuildInfo {
  std::string go_version;    // "go1.19.8"
  std::string package;       // of main: "github.com/opencontainers/runc"
  std::string main_path;     // its module; empty in GOPATH mode
  std::string main_version;  // "v1.6.2", or "(devel)"
  // Path to version of each module that was built in: "v0.6.0", and "v0.6.0 => example.org/fork
  // v0.6.1" where a replace directive put another one in its place.
  std::map<std::string, std::string> modules;
  std::map<std::string, std::string> settings;  // "-ldflags", "vcs.revision"; since Go 1.18
};

// Read it from an ELF file without running that. The file may be anybody's: nothing in it is
// believed, and no more than a few MiB are read. Nothing where there is none or it is damaged.
// Error kind: input, where the file cannot be opened.
Expected<std::optional<BuildInfo>> read_build_info(const std::filesystem::path& file);

}  // namespace cni_matrix::go
