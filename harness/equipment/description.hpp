#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// What a node has before the runtime starts, as matrix/node.schema.json writes it down.
namespace cni_matrix::equipment {

// Which network: the node's, or that of the outside, beyond the uplink. The files are the same.
enum class Where { node, outside };

struct Directory {
  std::string path;
  mode_t mode = 0755;
};

struct File {
  std::string path;
  std::shared_ptr<const std::string> content;  // null: it is a link
  std::string link;                            // what the symbolic link says
  mode_t mode = 0644;
};

// A file that stands in the directory of plugins.
struct Plugin {
  std::string name;
  std::shared_ptr<const std::string> content;
};

struct Program {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // beside fixed_environment()
  Where where = Where::node;
  std::string package;  // that has it; may be empty
};

struct Command {
  Program program;
  int exit = 0;
  std::string output;  // regular expression; empty: anything
  std::chrono::milliseconds within{10'000};
};

// When a daemon is ready. All of what is given has to be so.
struct Readiness {
  std::string socket;
  std::string file;
  int port = 0;  // 0: none
  bool udp = false;
  std::string output;  // regular expression
};

enum class WhenItEnds { fail, ignore, restart };

struct Daemon {
  std::string name;
  Program program;
  std::vector<std::string> removes;
  Readiness ready;
  std::chrono::milliseconds within{10'000};
  WhenItEnds when_it_ends = WhenItEnds::fail;
};

struct LinkPeer {
  std::string name;
  std::vector<std::string> addresses;
  std::string master;
};

struct Link {
  std::string name;
  std::string kind;
  Where where = Where::node;
  std::vector<std::string> addresses;
  int mtu = 0;  // 0: the kernel's choice
  bool up = true;
  std::string master;
  std::string parent;  // of a vlan or macvlan
  int id = 0;          // of a vlan
  std::string mode;    // of a macvlan
  LinkPeer peer;       // of a veth, in the outside
};

struct Route {
  std::string to;
  std::string via;
  std::string link;
  Where where = Where::node;
};

// Files that are looked after, as a leak class of their own.
struct WatchedState {
  std::string name;
  std::vector<std::string> paths;    // globs
  std::vector<std::string> residue;  // globs: what may stay
};

struct NodeDescription {
  std::vector<Directory> directories;
  std::vector<File> files;
  std::vector<Plugin> plugins;
  std::map<std::string, std::string> sysctls;  // by name, with dots
  std::vector<Link> links;
  std::vector<Route> routes;
  std::vector<Command> commands;
  std::vector<Daemon> daemons;
  std::vector<WatchedState> state;
  std::optional<Json> conflist;  // of cells for which nobody names one

  [[nodiscard]] const Daemon* find_daemon(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> daemon_names() const;
};

// The newest version of the format of node files that is read here.
inline constexpr int k_node_format = 1;

// `name` and `at` are the file and the JSON pointer there that an error names, `folder` where the
// files are that it takes in. Error kind: input.
Expected<NodeDescription> description_from_json(const Json& value, std::string_view name,
                                                const std::string& at,
                                                const std::filesystem::path& folder);

// All of both: `first`, then `second`. Error kind: input, when both have the same path, link,
// route, sysctl, daemon, state or a chain; `name` is what it names.
Expected<NodeDescription> joined(const NodeDescription& first, const NodeDescription& second,
                                 std::string_view name);

// From a schema's "argv", "environment", "where" and "package". Error kind: input.
Expected<Program> program_from_json(const Json& value, std::string_view name);
// The same and "exit", "output", "withinMs".
Expected<Command> command_from_json(const Json& value, std::string_view name);

}  // namespace cni_matrix::equipment
