#pragma once

#include <cni_matrix/artifacts/provisioner.hpp>

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

// The program of the component that tells its version; empty for plugins of no usual name.
std::string probe_program(Component component, const std::map<std::string, std::string>& binaries);

// What the binaries say of themselves.
struct Told {
  std::optional<Version> version;  // nothing where they tell none (Debian's plugins do not)
  std::string not_asked;           // why nothing was run to ask them; empty when it was
};

// Read what is built into the component, and start it once in the sandbox, as `containerd
// --version`, `runc --version` or a plugin's VERSION. Error kinds: unavailable, with the reason why
// it does not run here: mostly a C library that this machine does not have; interrupted.
Expected<Told> probe(Component component, const std::filesystem::path& directory,
                     const std::map<std::string, std::string>& binaries, std::string_view what,
                     const Sandbox& sandbox);

// Whether they are the same but for what follows the three numbers: builds of one release.
bool same_release(const Version& a, const Version& b);

// The version in what a program printed of itself.
std::optional<Version> version_in(Component component, std::string_view output);

}  // namespace cni_matrix::artifacts
