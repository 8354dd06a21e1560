// runc-wrapper: what containerd's BinaryName names in a node. On `create` it takes out of the
// bundle's config.json what a node without cgroups and with a single user id cannot do, and then it
// becomes the real runc, told that it is rootless: that runc tolerates what it may not do. No
// cgroup is ever made then, so none stays behind when a node is killed (namespaces do not contain
// cgroups).
#include "bundle.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace {

// A fixed place, and not the environment: that is the same for every program in a node.
constexpr const char* k_runc = "/run/cni-matrix/runc";
constexpr const char* k_rootless = "--rootless=true";

// The bundle of `runc [global options] create --bundle DIR ...`; empty for every other command.
// containerd always writes the option and its value as two arguments (go-runc).
std::string bundle_of(int argc, char** argv) {
  bool create = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "create") {
      create = true;
    } else if (create && argument == "--bundle" && i + 1 < argc) {
      return argv[i + 1];
    }
  }
  return {};
}

bool edit(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  std::stringstream text;
  text << input.rdbuf();
  std::string edited;
  if (!input || !cni_matrix::edit_bundle_config(text.str(), edited)) {
    return false;
  }
  std::ofstream output(file, std::ios::binary | std::ios::trunc);
  output << edited;
  return static_cast<bool>(output.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string bundle = bundle_of(argc, argv); !bundle.empty()) {
    if (const std::string file = bundle + "/config.json"; !edit(file)) {
      std::fprintf(stderr, "runc-wrapper: cannot read or rewrite the bundle's %s\n", file.c_str());
      return 1;
    }
  }
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, const_cast<char*>(k_rootless));
  arguments.push_back(nullptr);
  ::execv(k_runc, arguments.data());
  std::fprintf(stderr, "runc-wrapper: cannot execute %s: %s\n", k_runc, std::strerror(errno));
  return 127;
}
