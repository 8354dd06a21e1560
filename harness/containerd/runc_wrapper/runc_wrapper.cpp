// runc-wrapper: what containerd's BinaryName names in a node. On `create` it takes out of the
// bundle's config.json what a node without cgroups and with a single user id cannot do, and then it
// becomes the real runc, told that it is rootless: that runc tolerates what it may not do. No
// cgroup is ever made then, so none stays behind when a node is killed (namespaces do not contain
// cgroups).
//
// A scenario can make it refuse the next `create`: while a file is there, which it takes away.
//
// One command needs more: `ps` reads a container's cgroup, which is not there. containerd 1.7 asks
// it for each shim when it starts, and kills a shim that has no process as leaked. So `ps` is
// answered here, with the container's first process: the pause image never has another.
#include "bundle.hpp"

#include <cerrno>
#include <csignal>
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
constexpr const char* k_refuse_create =
    "/run/cni-matrix/open/refuse-create";  // runtime/node_layout.hpp
constexpr const char* k_rootless = "--rootless=true";

// `runc [global options] COMMAND [options] ID`. containerd writes each option and its value as two
// arguments (go-runc), so neither of the two commands can be taken for a value of another option.
struct CommandLine {
  std::string_view command;  // "create", "ps", or empty for every other
  std::string bundle;        // --bundle of create
  std::string root;          // --root
  std::string id;            // the last argument
};

CommandLine parse(const std::vector<std::string_view>& arguments) {
  CommandLine line;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--root" && has_value) {
      line.root = arguments[++i];
    } else if (arguments[i] == "--bundle" && has_value) {
      line.bundle = arguments[++i];
    } else if (line.command.empty() && (arguments[i] == "create" || arguments[i] == "ps")) {
      line.command = arguments[i];
    }
  }
  line.id = arguments.back();
  return line;
}

bool read(const std::string& file, std::string& text) {
  std::ifstream input(file, std::ios::binary);
  std::stringstream content;
  content << input.rdbuf();
  text = content.str();
  return static_cast<bool>(input);
}

bool edit(const std::string& file) {
  std::string text;
  std::string edited;
  if (!read(file, text) || !cni_matrix::edit_bundle_config(text, edited)) {
    return false;
  }
  std::ofstream output(file, std::ios::binary | std::ios::trunc);
  output << edited;
  return static_cast<bool>(output.flush());
}

// True when it is answered; else the real runc says what is wrong.
bool answer_ps(const CommandLine& line) {
  std::string state;
  if (!read(line.root + "/" + line.id + "/state.json", state)) {
    return false;
  }
  const std::string list = cni_matrix::process_list(state);
  if (list.empty() || ::kill(std::stoi(list.substr(1)), 0) != 0) {
    return false;
  }
  std::printf("%s\n", list.c_str());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse({argv, argv + argc});
  if (line.command == "create") {
    if (::unlink(k_refuse_create) == 0) {
      std::fprintf(stderr, "runc-wrapper: the scenario refuses this container\n");
      return 1;
    }
    if (const std::string file = line.bundle + "/config.json"; !edit(file)) {
      std::fprintf(stderr, "runc-wrapper: cannot read or rewrite the bundle's %s\n", file.c_str());
      return 1;
    }
  } else if (line.command == "ps" && answer_ps(line)) {
    return 0;
  }
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, const_cast<char*>(k_rootless));
  arguments.push_back(nullptr);
  ::execv(k_runc, arguments.data());
  std::fprintf(stderr, "runc-wrapper: cannot execute %s: %s\n", k_runc, std::strerror(errno));
  return 127;
}
