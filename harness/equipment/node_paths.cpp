#include "node_paths.hpp"

#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"

#include <algorithm>
#include <array>

namespace cni_matrix::equipment {

namespace {

struct Taken {
  std::string_view path;
  std::string_view why;
};

constexpr std::string_view k_of_the_host = "a node has the host's there, read-only";
constexpr std::string_view k_of_the_kernel = "that is the kernel's";
constexpr std::string_view k_of_the_runtime = "that is the runtime's";
constexpr std::string_view k_ours = "that is of cni-matrix";

constexpr std::array k_taken = {
    Taken{"/usr", k_of_the_host},
    Taken{"/bin", k_of_the_host},
    Taken{"/sbin", k_of_the_host},
    Taken{"/lib", k_of_the_host},
    Taken{"/lib32", k_of_the_host},
    Taken{"/lib64", k_of_the_host},
    Taken{"/libx32", k_of_the_host},
    Taken{"/proc", k_of_the_kernel},
    Taken{"/sys", k_of_the_kernel},
    Taken{"/dev", k_of_the_kernel},
    Taken{"/etc/ld.so.preload", k_ours},
    Taken{layout::k_stacks, k_ours},
    Taken{layout::k_ours, k_ours},
    Taken{"/run/netns", k_of_the_runtime},
    Taken{"/run/containerd", k_of_the_runtime},
    Taken{"/var/lib/containerd", k_of_the_runtime},
    Taken{"/opt/containerd", k_of_the_runtime},
    Taken{"/etc/containerd", k_of_the_runtime},
    Taken{layout::k_cni_conf,
          "network configurations are a node's \"conflist\", or come with the step write-config"},
    Taken{layout::k_cni_bin, "a plugin is a file right below it, with \"text\" or \"from\""},
};

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

// A folder that holds one that is taken may be there already, and is no file.
bool is_above(std::string_view path, std::string_view taken) {
  return taken.starts_with(path) && taken.size() > path.size() && taken[path.size()] == '/';
}

}  // namespace

Expected<std::string> check_node_path(std::string_view path) {
  const auto shown = excerpt(path, 100);
  if (!path.starts_with('/') || path.size() < 2) {
    return input_error("{} is no absolute path in the node", shown);
  }
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < ' ') {
      return input_error("{} has a control character", shown);
    }
  }
  const auto parts = split(path.substr(1), '/');
  for (const auto& part : parts) {
    if (part.empty() || part == "." || part == "..") {
      return input_error("{}: write it without \"..\", \".\" and double slashes", shown);
    }
  }
  constexpr std::string_view k_var_run = "/var/run";
  if (is_at_or_below(path, k_var_run)) {
    return "/run" + std::string(path.substr(k_var_run.size()));
  }
  return std::string(path);
}

Expected<std::string> check_own_path(std::string_view path) {
  TRY_ASSIGN(auto checked, check_node_path(path));
  const auto fixed = checked.substr(0, checked.find_first_of("*?"));
  const auto begin = fixed == checked ? fixed : fixed.substr(0, fixed.rfind('/'));
  if (begin.empty()) {
    return input_error("{} is all of the node; name a directory", excerpt(path, 100));
  }
  for (const auto& [taken, why] : k_taken) {
    if (is_at_or_below(begin, taken)) {
      return input_error("{}: {}", excerpt(path, 100), why);
    }
    if (is_above(begin, taken)) {
      return input_error("{}: a node has that directory already", excerpt(path, 100));
    }
  }
  for (const auto* name : layout::k_host_etc) {
    if (is_at_or_below(begin, std::string("/etc/") + name)) {
      return input_error("{}: {}", excerpt(path, 100), k_of_the_host);
    }
  }
  return checked;
}

std::string plugin_of_path(std::string_view path) {
  constexpr std::string_view k_folder = layout::k_cni_bin;
  if (!path.starts_with(k_folder) || path.size() < k_folder.size() + 2 ||
      path[k_folder.size()] != '/') {
    return {};
  }
  const auto name = path.substr(k_folder.size() + 1);
  return name.find('/') == std::string_view::npos && name != "." && name != ".." ? std::string(name)
                                                                                 : std::string();
}

}  // namespace cni_matrix::equipment
