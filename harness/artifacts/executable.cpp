#include "executable.hpp"

#include "built_in_version.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "go/build_info.hpp"
#include <cni_matrix/base/fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <regex>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

namespace cni_matrix::artifacts {

namespace {

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "amd64";
    case EM_AARCH64:
      return "arm64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_PPC64:
      return "ppc64le";
    case EM_S390:
      return "s390x";
    case EM_RISCV:
      return "riscv64";
    default:
      return fmt::format("ELF machine {}", machine);
  }
}

std::string first_line(std::string_view text) {
  return printable(trim(trim(text).substr(0, trim(text).find('\n'))));
}

// What the dynamic linker says when a library is too old or missing.
std::string loader_complaint(const std::string& text) {
  // Names may be spread over several lines: the newest one wanted is what a person needs.
  static const std::regex wanted("GLIBC_([0-9]+)\\.([0-9]+)");
  std::pair<int, int> newest{0, 0};
  for (auto match = std::sregex_iterator(text.begin(), text.end(), wanted);
       match != std::sregex_iterator(); ++match) {
    newest = std::max(newest, {std::stoi((*match)[1]), std::stoi((*match)[2])});
  }
  if (newest.first != 0) {
    return fmt::format("it needs GLIBC_{}.{}, which this machine's C library does not have",
                       newest.first, newest.second);
  }
  if (text.find("error while loading shared libraries") != std::string::npos) {
    return first_line(text);
  }
  return {};
}

}  // namespace

std::string probe_program(Component component, const std::map<std::string, std::string>& binaries) {
  if (component != Component::plugins) {
    return std::string(name_of(component));
  }
  for (const auto* usual : {"loopback", "bridge", "host-local", "portmap"}) {
    if (binaries.contains(usual)) {
      return usual;
    }
  }
  return {};  // who knows what an unknown plugin does when it is just started
}

Expected<FileFormat> file_format(const std::filesystem::path& file, std::string_view architecture) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return input_error("cannot read {}: {}", file.string(), std::strerror(errno));
  }
  std::array<unsigned char, 20> head{};
  const auto count = ::read(fd.get(), head.data(), head.size());
  FileFormat format;
  if (count >= 2 && head[0] == '#' && head[1] == '!') {
    format.kind = FileKind::script;
    return format;
  }
  if (count < static_cast<ssize_t>(head.size()) || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
    return format;
  }
  const bool big_endian = head[EI_DATA] == ELFDATA2MSB;
  const unsigned machine = big_endian ? (head[18] * 256U + head[19]) : (head[19] * 256U + head[18]);
  format.architecture = machine_name(machine);
  format.kind = format.architecture == architecture ? FileKind::native : FileKind::foreign;
  return format;
}

Expected<void> check_architecture(const std::filesystem::path& directory,
                                  const std::map<std::string, std::string>& binaries,
                                  std::string_view architecture, std::string_view what) {
  for (const auto& [name, digest] : binaries) {
    TRY_ASSIGN(const auto format, file_format(directory / name, architecture));
    if (format.kind == FileKind::foreign) {
      return input_error("{}: {} is a binary for {}, and this machine is {}; take a build for {}",
                         what, name, format.architecture, architecture, architecture);
    }
    if (format.kind == FileKind::other) {
      return input_error(
          "{}: {} is neither an ELF executable nor a script; take it out, or make it "
          "one that can be executed",
          what, name);
    }
  }
  return {};
}

std::optional<Version> version_in(Component component, std::string_view output) {
  // "containerd github.com/containerd/containerd v1.6.2 de8046a...", Debian: "... 1.6.20~ds1 ...";
  // "runc version 1.1.5+ds1"; "CNI bridge plugin v1.1.1".
  static const std::regex containerd(
      "^containerd \\S+ v?([0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.]+)?)");
  static const std::regex runc("^runc version ([0-9]+\\.[0-9]+\\.[0-9]+([-~]rc[.0-9]+)?)");
  static const std::regex plugin(
      "^CNI \\S+ plugin(?: version)? v?([0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.]+)?)");
  const auto& expression = component == Component::containerd ? containerd
                           : component == Component::runc     ? runc
                                                              : plugin;
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_search(output.begin(), output.end(), match, expression)) {
    return std::nullopt;
  }
  auto text = match[1].str();
  std::replace(text.begin(), text.end(), '~', '-');
  auto version = Version::parse(text);
  return version ? std::optional(*version) : std::nullopt;
}

bool same_release(const Version& a, const Version& b) {
  return a.major == b.major && a.minor == b.minor && a.patch == b.patch;
}

Expected<Told> probe(Component component, const std::filesystem::path& directory,
                     const std::map<std::string, std::string>& binaries, std::string_view what,
                     const Sandbox& sandbox) {
  constexpr std::chrono::seconds k_limit{20};
  Told told;
  const auto program = probe_program(component, binaries);
  if (program.empty()) {
    return told;
  }
  TRY_ASSIGN(const auto built, go::read_build_info(directory / program));
  if (built) {
    told.version = built_in_version(component, *built);
  }
  if (!sandbox) {
    told.not_asked = "no node was at hand to run them in";
    return told;
  }
  std::vector<std::string> argv{program};
  if (component != Component::plugins) {
    argv.emplace_back("--version");
  }
  // A plugin without CNI_COMMAND tells what it is.
  const auto result = sandbox(argv, directory, k_limit);
  if (!result) {
    switch (result.error().kind) {
      case ErrorKind::unavailable:
        told.not_asked = result.error().message;
        return told;
      case ErrorKind::interrupted:
        return tl::unexpected(result.error());
      default:
        return unavailable("{}: {} does not start on this machine: {}", what, program,
                           result.error().message);
    }
  }
  if (const auto complaint = loader_complaint(result->err); !result->ok() && !complaint.empty()) {
    return unavailable("{} does not run on this machine: {}{}", what, complaint,
                       component == Component::runc ? "; take the host's own runc"
                                                    : "; take a build for this system");
  }
  if (result->timed_out || result->signal != 0 ||
      (!result->ok() && component != Component::plugins)) {
    const auto text = first_line(result->err.empty() ? result->out : result->err);
    return unavailable("{}: {} does not run on this machine: {}", what, program,
                       result->timed_out     ? "it does not end"
                       : result->signal != 0 ? fmt::format("signal {} ended it", result->signal)
                       : text.empty()        ? fmt::format("exit status {}", result->exit_code)
                                             : text);
  }
  auto version = version_in(component, result->out);
  version = version ? version : version_in(component, result->err);
  told.version = version ? version : told.version;
  return told;
}

}  // namespace cni_matrix::artifacts
