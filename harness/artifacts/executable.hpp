#pragma once

#include <cni_matrix/artifacts/artifact.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace cni_matrix::artifacts {

enum class FileKind { native, foreign, script, other };

struct FileFormat {
  FileKind kind = FileKind::other;
  std::string architecture;  // of an ELF file: "amd64", "arm64", or "ELF machine 22"
};

// From its first bytes: an ELF header's e_machine (elf(5)), or "#!". Error kind: input.
Expected<FileFormat> file_format(const std::filesystem::path& file, std::string_view architecture);

// Refuse binaries for another machine. `what` is what an error calls the lot. Error kind: input.
Expected<void> check_architecture(const std::filesystem::path& directory,
                                  const std::map<std::string, std::string>& binaries,
                                  std::string_view architecture, std::string_view what);

// Start the component once, as `containerd --version`, `runc --version` or a plugin's VERSION.
// Returns the version that it tells, or nothing where it tells none (Debian's plugins do not).
// Error kind: unavailable, with the reason: mostly a C library that this machine does not have.
Expected<std::optional<Version>> probe(Component component, const std::filesystem::path& directory,
                                       const std::map<std::string, std::string>& binaries,
                                       std::string_view what);

// The version in what a program printed of itself.
std::optional<Version> version_in(Component component, std::string_view output);

}  // namespace cni_matrix::artifacts
