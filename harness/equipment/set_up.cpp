#include "set_up.hpp"

#include "links.hpp"
#include "programs.hpp"

#include "base/apart.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/fd.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cni_matrix::equipment {

namespace {

namespace fs = std::filesystem;

// Where foreign programs are: what is read-only for them is so for their description too.
Expected<void> apart(const std::function<Expected<void>()>& work) {
  std::optional<Expected<void>> done;
  run_apart([&] { done = work(); });
  return *done;
}

tl::unexpected<Error> cannot(const char* what, const std::string& path, int number) {
  return input_error("cannot {} {} in the node: {}", what, path,
                     std::generic_category().message(number));
}

Expected<void> make_directory(const std::string& path, mode_t mode) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return cannot("make the directory", path, error.value());
  }
  return ::chmod(path.c_str(), mode) == 0 ? Expected<void>() : cannot("change", path, errno);
}

Expected<void> make_parents(const std::string& path) {
  const auto parent = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  return error ? cannot("make the directory", parent.string(), error.value()) : Expected<void>();
}

Expected<void> write_out(const std::string& path, std::string_view text, mode_t mode) {
  const Fd out(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!out) {
    return cannot("make", path, errno);
  }
  if (const int number = write_all(out.get(), text); number != 0) {
    return cannot("write", path, number);
  }
  return ::fchmod(out.get(), mode) == 0 ? Expected<void>() : cannot("change", path, errno);
}

Expected<void> make_file(const File& file) {
  TRY(make_parents(file.path));
  if (file.content) {
    return write_out(file.path, *file.content, file.mode);
  }
  ::unlink(file.path.c_str());
  return ::symlink(file.link.c_str(), file.path.c_str()) == 0 ? Expected<void>()
                                                              : cannot("link", file.path, errno);
}

// "net.ipv4.conf.eth0/1.forwarding": sysctl(8) has a dot for each slash, and a slash for a dot.
std::string file_of_sysctl(const std::string& name) {
  auto path = name;
  for (auto& c : path) {
    c = c == '.' ? '/' : c == '/' ? '.' : c;
  }
  return "/proc/sys/" + path;
}

Expected<void> set_sysctl(const std::string& name, const std::string& value) {
  const auto path = file_of_sysctl(name);
  const Fd out(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!out) {
    return errno == ENOENT ? unavailable("a node has no sysctl {} here", name)
                           : cannot("set", "the sysctl " + name, errno);
  }
  const int number = write_all(out.get(), value);
  return number == 0 ? Expected<void>()
                     : cannot("set", fmt::format("the sysctl {} to {}", name, value), number);
}

bool is_taken_by_a_reboot(const std::string& path) {
  return path.starts_with("/run/");
}

}  // namespace

Expected<void> set_up(const NodeDescription& description, Boot boot) {
  const auto is_wanted = [boot](const std::string& path) {
    return boot == Boot::first || is_taken_by_a_reboot(path);
  };
  const auto put = [&]() -> Expected<void> {
    for (const auto& directory : description.directories) {
      if (is_wanted(directory.path)) {
        TRY(make_directory(directory.path, directory.mode));
      }
    }
    for (const auto& file : description.files) {
      if (is_wanted(file.path)) {
        TRY(make_file(file));
      }
    }
    return {};
  };
  TRY(apart(put));
  for (const auto& link : description.links) {
    TRY(make_link(link));
  }
  for (const auto& [name, value] : description.sysctls) {
    TRY(set_sysctl(name, value));
  }
  for (const auto& route : description.routes) {
    TRY(make_route(route));
  }
  for (const auto& command : description.commands) {
    TRY_ASSIGN(const auto end, run_command(command));
    if (!end.problem.empty()) {
      return input_error("the command {}: {}", fmt::join(command.program.argv, " "), end.problem);
    }
  }
  return {};
}

Expected<std::map<std::string, fs::path>> place_plugins(const NodeDescription& description) {
  std::map<std::string, fs::path> placed;
  const auto folder = fs::path(layout::k_ours) / "node-plugins";
  for (const auto& plugin : description.plugins) {
    std::error_code error;
    fs::create_directories(folder, error);
    const auto file = folder / plugin.name;
    TRY(write_file(file, *plugin.content));
    constexpr mode_t k_executable = 0755;
    if (::chmod(file.c_str(), k_executable) != 0) {
      return system_error(fmt::format("cannot make {} executable", file.string()));
    }
    placed[plugin.name] = file;
  }
  return placed;
}

Expected<void> remove_file(const std::string& path) {
  return apart([&]() -> Expected<void> {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return cannot("remove", path, errno);
    }
    return {};
  });
}

}  // namespace cni_matrix::equipment
