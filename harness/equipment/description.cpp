#include "description.hpp"

#include "node_paths.hpp"

#include "base/file.hpp"
#include "base/format_version.hpp"
#include "base/ip_range.hpp"
#include "base/names.hpp"
#include "base/regex_text.hpp"
#include "base/text.hpp"
#include "base/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <system_error>

namespace cni_matrix::equipment {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_file_limit = 64U << 20U;    // of a file that is taken in
constexpr std::size_t k_total_limit = 128U << 20U;  // of all of them
constexpr mode_t k_executable = 0111;

constexpr auto k_endings = names_of<WhenItEnds>(
    {{WhenItEnds::fail, "fail"}, {WhenItEnds::ignore, "ignore"}, {WhenItEnds::restart, "restart"}});

// Links that a node has by itself.
constexpr std::array<std::string_view, 2> k_links_of_node = {"lo", "uplink"};
constexpr std::array<std::string_view, 2> k_links_of_outside = {"lo", "outside"};

std::string_view name_of(Where where) {
  return where == Where::node ? "node" : "outside";
}

Where where_of(const Json& value) {
  return value.value("where", "node") == "outside" ? Where::outside : Where::node;
}

std::chrono::milliseconds within_of(const Json& value) {
  constexpr int k_usual = 10'000;
  return std::chrono::milliseconds(value.value("withinMs", k_usual));
}

mode_t mode_of(const Json& value, mode_t usual) {
  constexpr int k_octal = 8;
  return value.is_object() && value.contains("mode")
             ? static_cast<mode_t>(std::strtoul(
                   value.at("mode").get_ref<const std::string&>().c_str(), nullptr, k_octal))
             : usual;
}

tl::unexpected<Error> at_place(std::string_view place, const Error& error) {
  return input_error("{}: {}", place, error.message);
}

Expected<std::string> regex_of(const Json& value, const char* key, std::string_view place) {
  auto pattern = value.value(key, "");
  if (const auto problem = regex_problem(pattern); !problem.empty()) {
    return input_error("{}/{}: not a regular expression: {}", place, key, problem);
  }
  return pattern;
}

// An address with the length of its network, or a network.
Expected<void> check_range(const std::string& text, const std::string& place) {
  if (const auto range = IpRange::parse(text); !range) {
    return at_place(place, range.error());
  }
  return {};
}

// Reads one description; what it has so far is in `m_description`.
class Parser {
 public:
  Parser(std::string name, const fs::path& folder) : m_name(std::move(name)), m_folder(folder) {}

  Expected<NodeDescription> parse(const Json& value) {
    using Read = Expected<void> (Parser::*)(const Json&, const std::string&);
    constexpr std::array<std::pair<const char*, Read>, 7> k_lists = {
        {{"directories", &Parser::directory},
         {"files", &Parser::file},
         {"links", &Parser::link},
         {"routes", &Parser::route},
         {"commands", &Parser::command},
         {"daemons", &Parser::daemon},
         {"state", &Parser::state}}};
    for (const auto& [key, read] : k_lists) {
      const auto list = value.value(key, Json::array());
      for (std::size_t i = 0; i < list.size(); ++i) {
        TRY((this->*read)(list[i], fmt::format("{}/{}/{}", m_name, key, i)));
      }
    }
    const auto sysctls = value.value("sysctls", Json::object());
    for (const auto& [key, setting] : sysctls.items()) {
      TRY(sysctl(key, setting));
    }
    if (value.contains("conflist")) {
      m_description.conflist = value.at("conflist");
    }
    TRY(check_programs());
    return std::move(m_description);
  }

 private:
  Expected<std::string> own_path(const Json& text, const std::string& place) {
    auto path = check_own_path(text.get<std::string>());
    if (!path) {
      return at_place(place, path.error());
    }
    return path;
  }

  // Each path once.
  Expected<void> take_path(const std::string& path, const std::string& place) {
    if (!m_paths.insert(path).second) {
      return input_error("{}: {} is there twice", place, path);
    }
    return {};
  }

  Expected<void> directory(const Json& value, const std::string& place) {
    constexpr mode_t k_usual = 0755;
    const bool plain = value.is_string();
    TRY_ASSIGN(auto path, own_path(plain ? value : value.at("path"), place));
    TRY(take_path(path, place));
    m_description.directories.push_back({std::move(path), mode_of(value, k_usual)});
    return {};
  }

  Expected<void> file(const Json& value, const std::string& place) {
    if (value.contains("text") + value.contains("from") + value.contains("link") != 1) {
      return input_error("{}: a file has one of \"text\", \"from\" and \"link\"", place);
    }
    if (value.contains("link") && value.contains("mode")) {
      return input_error("{}/mode: a link has none", place);
    }
    const auto written = value.at("path").get<std::string>();
    if (const auto plugin = plugin_of_path(written); !plugin.empty()) {
      return plugin_file(value, plugin, place);
    }
    TRY_ASSIGN(auto path, own_path(value.at("path"), place));
    TRY(take_path(path, place));
    File made;
    made.path = std::move(path);
    made.link = value.value("link", "");
    if (made.link.empty()) {
      constexpr mode_t k_usual = 0644;
      made.mode = mode_of(value, k_usual);
      TRY_ASSIGN(made.content, content(value, place));
    }
    m_description.files.push_back(std::move(made));
    return {};
  }

  Expected<void> plugin_file(const Json& value, const std::string& plugin,
                             const std::string& place) {
    if (value.contains("link") || value.contains("mode")) {
      return input_error("{}: a plugin is a file with \"text\" or \"from\", and executable", place);
    }
    TRY(take_path(value.at("path").get<std::string>(), place));
    Plugin made{plugin, {}};
    TRY_ASSIGN(made.content, content(value, place));
    m_description.plugins.push_back(std::move(made));
    return {};
  }

  Expected<std::shared_ptr<const std::string>> content(const Json& value,
                                                       const std::string& place) {
    std::string text;
    if (value.contains("text")) {
      text = value.at("text").get<std::string>();
    } else {
      TRY_ASSIGN(text, taken_in(value.at("from").get<std::string>(), place + "/from"));
    }
    m_total += text.size();
    if (m_total > k_total_limit) {
      return input_error("{}: the files of a node have at most {} MiB together", place,
                         k_total_limit >> 20U);
    }
    return std::make_shared<const std::string>(std::move(text));
  }

  // A file beside the description. A device or a pipe could make us wait for ever.
  [[nodiscard]] Expected<std::string> taken_in(const std::string& name,
                                               const std::string& place) const {
    const auto parts = split(name, '/');
    if (name.starts_with('/') || std::find(parts.begin(), parts.end(), "..") != parts.end()) {
      return input_error("{}: {}: only a file beside this one, or below it, is taken in", place,
                         excerpt(name, 100));
    }
    const auto source = m_folder / name;
    std::error_code error;
    if (!fs::is_regular_file(source, error)) {
      return input_error("{}: there is no file {}", place, excerpt(source.string(), 200));
    }
    auto text = read_file(source, k_file_limit);
    if (!text) {
      return at_place(place, text.error());
    }
    return text;
  }

  Expected<void> sysctl(const std::string& name, const Json& setting) {
    if (!name.starts_with("net.")) {
      return input_error(
          "{}/sysctls: {} must begin with net., since a node has no others of its own", m_name,
          excerpt(name, 100));
    }
    for (const auto& part : split(name, '.')) {
      // sysctl(8): a dot in a link's name is written as a slash.
      if (part.empty() || part == "/" || part.find("//") != std::string::npos) {
        return input_error("{}/sysctls: {} is no name of a sysctl", m_name, excerpt(name, 100));
      }
    }
    m_description.sysctls[name] = setting.is_string() ? setting.get<std::string>() : setting.dump();
    return {};
  }

  // Of a link that comes to be in that network.
  Expected<void> take_link(const std::string& name, const std::string& kind, Where where,
                           const std::string& place) {
    const auto& own = where == Where::node ? k_links_of_node : k_links_of_outside;
    if (std::find(own.begin(), own.end(), name) != own.end() ||
        !m_links.emplace(std::pair{where, name}, kind).second) {
      return input_error("{}: the {} has a link {} already", place, name_of(where), name);
    }
    return {};
  }

  // A link that is named has to be there by then.
  Expected<void> check_link(const std::string& link, Where where, const std::string& kind,
                            const std::string& place) const {
    if (link.empty()) {
      return {};
    }
    const auto& own = where == Where::node ? k_links_of_node : k_links_of_outside;
    const auto made = m_links.find({where, link});
    if (made == m_links.end() &&
        (!kind.empty() || std::find(own.begin(), own.end(), link) == own.end())) {
      return input_error("{}: the {} has no {} {} by then", place, name_of(where),
                         kind.empty() ? "link" : kind, link);
    }
    if (!kind.empty() && made->second != kind) {
      return input_error("{}: {} is a {} and no {}", place, link, made->second, kind);
    }
    return {};
  }

  static Expected<void> check_keys_of_kind(const Json& value, const std::string& kind,
                                           const std::string& place) {
    constexpr std::array<std::pair<const char*, std::string_view>, 4> k_of = {
        {{"parent", "vlan macvlan"}, {"id", "vlan"}, {"mode", "macvlan"}, {"peer", "veth"}}};
    for (const auto& [key, kinds] : k_of) {
      const auto with = split(kinds, ' ');
      const bool takes = std::find(with.begin(), with.end(), kind) != with.end();
      if (value.contains(key) && !takes) {
        return input_error("{}: a {} takes no \"{}\"", place, kind, key);
      }
      if (!value.contains(key) && takes && std::string_view(key) != "mode") {
        return input_error("{}: a {} needs \"{}\"", place, kind, key);
      }
    }
    return {};
  }

  static Expected<std::vector<std::string>> addresses_of(const Json& value,
                                                         const std::string& place) {
    auto addresses = value.value("addresses", std::vector<std::string>{});
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      TRY(check_range(addresses[i], fmt::format("{}/addresses/{}", place, i)));
    }
    return addresses;
  }

  Expected<void> link(const Json& value, const std::string& place) {
    Link made;
    made.name = value.at("name").get<std::string>();
    made.kind = value.at("kind").get<std::string>();
    made.where = where_of(value);
    TRY(check_keys_of_kind(value, made.kind, place));
    made.mtu = value.value("mtu", 0);
    made.up = value.value("up", true);
    made.master = value.value("master", "");
    made.parent = value.value("parent", "");
    made.id = value.value("id", 0);
    made.mode = value.value("mode", made.kind == "macvlan" ? "bridge" : "");
    TRY_ASSIGN(made.addresses, addresses_of(value, place));
    TRY(check_link(made.master, made.where, "bridge", place + "/master"));
    TRY(check_link(made.parent, made.where, "", place + "/parent"));
    TRY(take_link(made.name, made.kind, made.where, place));
    if (made.kind == "veth") {
      if (made.where == Where::outside) {
        return input_error("{}/where: a veth is of the node, and its peer in the outside", place);
      }
      const auto& peer = value.at("peer");
      made.peer.name = peer.at("name").get<std::string>();
      made.peer.master = peer.value("master", "");
      TRY_ASSIGN(made.peer.addresses, addresses_of(peer, place + "/peer"));
      TRY(check_link(made.peer.master, Where::outside, "bridge", place + "/peer/master"));
      TRY(take_link(made.peer.name, made.kind, Where::outside, place + "/peer"));
    }
    m_description.links.push_back(std::move(made));
    return {};
  }

  Expected<void> route(const Json& value, const std::string& place) {
    Route made{value.at("to").get<std::string>(), value.value("via", ""), value.value("link", ""),
               where_of(value)};
    if (made.via.empty() && made.link.empty()) {
      return input_error("{}: a route needs \"via\" or \"link\"", place);
    }
    if (made.to != "default") {
      TRY(check_range(made.to, place + "/to"));
    }
    if (!made.via.empty()) {
      const bool six = made.via.find(':') != std::string::npos;
      if (const auto good = IpRange::parse(made.via + (six ? "/128" : "/32")); !good) {
        return input_error("{}/via: {} is no address", place, excerpt(made.via, 60));
      }
    }
    TRY(check_link(made.link, made.where, "", place + "/link"));
    m_description.routes.push_back(std::move(made));
    return {};
  }

  Expected<void> command(const Json& value, const std::string& place) {
    TRY_ASSIGN(auto made, command_from_json(value, place));
    m_programs.emplace_back(made.program.argv.front(), place);
    m_description.commands.push_back(std::move(made));
    return {};
  }

  Expected<void> daemon(const Json& value, const std::string& place) {
    Daemon made;
    made.name = value.at("name").get<std::string>();
    if (m_description.find_daemon(made.name) != nullptr) {
      return input_error("{}: there is a daemon {} already", place, made.name);
    }
    TRY_ASSIGN(made.program, program_from_json(value, place));
    m_programs.emplace_back(made.program.argv.front(), place);
    for (const auto& path : value.value("removes", Json::array())) {
      TRY_ASSIGN(auto removed, own_path(path, place + "/removes"));
      made.removes.push_back(std::move(removed));
    }
    if (value.contains("ready")) {
      TRY_ASSIGN(made.ready, readiness(value.at("ready"), place + "/ready"));
    }
    made.within = within_of(value);
    made.when_it_ends =
        k_endings.parse(value.value("whenItEnds", "fail")).value_or(WhenItEnds::fail);
    m_description.daemons.push_back(std::move(made));
    return {};
  }

  static Expected<Readiness> readiness(const Json& value, const std::string& place) {
    Readiness ready;
    for (const auto& [key, target] :
         {std::pair{"socket", &ready.socket}, std::pair{"file", &ready.file}}) {
      if (value.contains(key)) {
        auto path = check_node_path(value.at(key).get<std::string>());
        if (!path) {
          return at_place(fmt::format("{}/{}", place, key), path.error());
        }
        *target = *std::move(path);
      }
    }
    constexpr std::size_t k_longest_socket = 107;  // unix(7)
    if (ready.socket.size() > k_longest_socket) {
      return input_error("{}/socket: the path of a Unix socket has at most {} bytes", place,
                         k_longest_socket);
    }
    ready.port = value.value("port", 0);
    ready.udp = value.value("protocol", "tcp") == "udp";
    if (value.contains("protocol") && ready.port == 0) {
      return input_error("{}: \"protocol\" is of a \"port\"", place);
    }
    TRY_ASSIGN(ready.output, regex_of(value, "output", place));
    return ready;
  }

  Expected<void> state(const Json& value, const std::string& place) {
    WatchedState made;
    made.name = value.at("name").get<std::string>();
    for (const auto& other : m_description.state) {
      if (other.name == made.name) {
        return input_error("{}: there is a state {} already", place, made.name);
      }
    }
    for (const auto& path : value.at("paths")) {
      TRY_ASSIGN(auto watched, own_path(path, place + "/paths"));
      made.paths.push_back(std::move(watched));
    }
    for (const auto& path : value.value("residue", Json::array())) {
      TRY_ASSIGN(auto stays, own_path(path, place + "/residue"));
      made.residue.push_back(std::move(stays));
    }
    m_description.state.push_back(std::move(made));
    return {};
  }

  // A program that is a file of the description has to be executable.
  [[nodiscard]] Expected<void> check_programs() const {
    for (const auto& [program, place] : m_programs) {
      for (const auto& file : m_description.files) {
        if (file.path == program && file.content && (file.mode & k_executable) == 0) {
          return input_error("{}: {} is not executable; give that file the mode 0755", place,
                             program);
        }
      }
    }
    return {};
  }

  std::string m_name;
  const fs::path& m_folder;
  NodeDescription m_description;
  std::set<std::string> m_paths;
  std::map<std::pair<Where, std::string>, std::string> m_links;  // their kinds
  std::vector<std::pair<std::string, std::string>> m_programs;   // and their places
  std::size_t m_total = 0;
};

// All of `from` behind those of `to`; what both have is named by `key`.
template <typename T, typename Key>
Expected<void> append(std::vector<T>& to, const std::vector<T>& from, const Key& key,
                      std::string_view what, std::string_view name) {
  for (const auto& item : from) {
    for (const auto& other : to) {
      if (key(item) == key(other)) {
        return input_error("{}: {} {} is in two of the cell's descriptions of its node", name, what,
                           key(item));
      }
    }
    to.push_back(item);
  }
  return {};
}

}  // namespace

const Daemon* NodeDescription::find_daemon(std::string_view name) const {
  const auto found = std::find_if(daemons.begin(), daemons.end(),
                                  [&](const Daemon& daemon) { return daemon.name == name; });
  return found == daemons.end() ? nullptr : &*found;
}

std::vector<std::string> NodeDescription::daemon_names() const {
  std::vector<std::string> names;
  names.reserve(daemons.size());
  for (const auto& daemon : daemons) {
    names.push_back(daemon.name);
  }
  return names;
}

Expected<Program> program_from_json(const Json& value, std::string_view name) {
  Program program;
  program.argv = value.at("argv").get<std::vector<std::string>>();
  if (program.argv.front().empty()) {
    return input_error("{}/argv/0: the program has no name", name);
  }
  if (program.argv.front().find('/') != std::string::npos) {
    auto path = check_node_path(program.argv.front());
    if (!path) {
      return input_error("{}/argv/0: {}", name, path.error().message);
    }
    program.argv.front() = *std::move(path);
  }
  for (const auto& word : program.argv) {
    if (word.find('\0') != std::string::npos) {
      return input_error("{}/argv: an argument has a null byte", name);
    }
  }
  program.environment = value.value("environment", std::map<std::string, std::string>{});
  program.where = where_of(value);
  program.package = value.value("package", "");
  return program;
}

Expected<Command> command_from_json(const Json& value, std::string_view name) {
  Command command;
  TRY_ASSIGN(command.program, program_from_json(value, name));
  command.exit = value.value("exit", 0);
  TRY_ASSIGN(command.output, regex_of(value, "output", name));
  command.within = within_of(value);
  return command;
}

Expected<NodeDescription> description_from_json(const Json& value, std::string_view name,
                                                const std::string& at, const fs::path& folder) {
  const auto place = at.empty() ? std::string(name) : fmt::format("{}: at {}", name, at);
  if (!value.is_object()) {
    return input_error("{}: what a node has is a JSON object", place);
  }
  TRY(check_format(value, k_node_format, "node", place));
  TRY(check_schema(value, "node", place));
  return Parser(fmt::format("{}: at {}", name, at), folder).parse(value);
}

Expected<NodeDescription> joined(const NodeDescription& first, const NodeDescription& second,
                                 std::string_view name) {
  auto both = first;
  const auto path = [](const auto& item) { return item.path; };
  const auto own_name = [](const auto& item) { return item.name; };
  TRY(append(both.directories, second.directories, path, "the directory", name));
  TRY(append(both.files, second.files, path, "the file", name));
  TRY(append(both.plugins, second.plugins, own_name, "the plugin", name));
  TRY(append(
      both.links, second.links,
      [](const Link& link) { return fmt::format("{} ({})", link.name, name_of(link.where)); },
      "the link", name));
  TRY(append(both.daemons, second.daemons, own_name, "the daemon", name));
  TRY(append(both.state, second.state, own_name, "the state", name));
  both.routes.insert(both.routes.end(), second.routes.begin(), second.routes.end());
  both.commands.insert(both.commands.end(), second.commands.begin(), second.commands.end());
  for (const auto& [sysctl, setting] : second.sysctls) {
    if (!both.sysctls.emplace(sysctl, setting).second) {
      return input_error("{}: the sysctl {} is in two of the cell's descriptions of its node", name,
                         sysctl);
    }
  }
  if (both.conflist && second.conflist) {
    return input_error("{}: two of the cell's descriptions of its node have a \"conflist\"", name);
  }
  if (second.conflist) {
    both.conflist = second.conflist;
  }
  return both;
}

}  // namespace cni_matrix::equipment
