#include "attachment_damage.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/try.hpp"
#include "runtime/node_layout.hpp"
#include <cni_matrix/base/process.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <vector>

namespace cni_matrix::scenario {

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Expected<CommandResult> run(const Words& command) {
  if (find_program(command.front()).empty()) {
    return unavailable("{} is missing", command.front());
  }
  return run_program(command);
}

Words in_pod(const cni::AttachedPod& pod, const Words& command) {
  Words words = {"nsenter", "--net=" + pod.netns};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

Expected<void> do_in_pod(const cni::AttachedPod& pod, const Words& command) {
  TRY_ASSIGN(const auto done, run(in_pod(pod, command)));
  if (!done.ok()) {
    TRY_ASSIGN(const auto shown, run(in_pod(pod, {"ip", "link", "show", "dev", "eth0"})));
    if (!shown.ok()) {
      return unavailable("the pod has no eth0 to damage");
    }
    return broken("{} in the pod: {}", fmt::join(command, " "), trim(done.err));
  }
  return {};
}

Expected<void> delete_routes(const cni::AttachedPod& pod) {
  bool deleted = false;
  for (const char* family : {"-4", "-6"}) {
    TRY_ASSIGN(const auto done,
               run(in_pod(pod, {"ip", family, "route", "delete", "default", "dev", "eth0"})));
    deleted = deleted || done.ok();
  }
  if (!deleted) {
    return unavailable("the pod has no default route to delete");
  }
  return {};
}

// A file of host-local is named by the address and begins with the container's id.
Expected<void> delete_lease(const cni::AttachedPod& pod, const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> leases;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (!entry.is_regular_file()) {
      continue;
    }
    TRY_ASSIGN(const auto text, read_file(entry.path()));
    if (text.starts_with(pod.id)) {
      leases.push_back(entry.path());
    }
  }
  for (const auto& lease : leases) {
    fs::remove(lease, error);
  }
  if (error || leases.empty()) {
    return unavailable("there is no lease of the pod to delete");
  }
  return {};
}

// A line of iptables-save in its words: they are separated by blanks, one with blanks is quoted.
Words words_of(const std::string& line) {
  Words words;
  std::string word;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ' ' && !quoted) {
      words.push_back(std::move(word));
      word.clear();
    } else {
      word += line[i];
    }
  }
  words.push_back(std::move(word));
  return words;
}

// The plugins write the container's id into the comment of a rule.
Expected<void> delete_rules(const cni::AttachedPod& pod) {
  bool deleted = false;
  for (const auto& [program, save] :
       {std::pair{"iptables", "iptables-save"}, {"ip6tables", "ip6tables-save"}}) {
    TRY_ASSIGN(const auto rules, run({save, "-t", "nat"}));
    for (const auto& line : split(rules.out, '\n')) {
      if (!line.starts_with("-A ") || line.find(pod.id) == std::string::npos) {
        continue;
      }
      auto words = words_of(line);
      words.front() = "-D";
      words.insert(words.begin(), {program, "-w", "-t", "nat"});
      TRY_ASSIGN(const auto done, run(words));
      if (!done.ok()) {
        return broken("{}: {}", fmt::join(words, " "), trim(done.err));
      }
      deleted = true;
    }
  }
  if (!deleted) {
    return unavailable("iptables has no rule of the pod to delete");
  }
  return {};
}

}  // namespace

Expected<void> damage_attachment(const cni::AttachedPod& pod, const std::string& how,
                                 const fs::path& lease_root) {
  if (how == "flush-address") {
    return do_in_pod(pod, {"ip", "address", "flush", "dev", "eth0", "scope", "global"});
  }
  if (how == "delete-routes") {
    return delete_routes(pod);
  }
  if (how == "link-down") {
    return do_in_pod(pod, {"ip", "link", "set", "eth0", "down"});
  }
  if (how == "delete-interface") {
    return do_in_pod(pod, {"ip", "link", "delete", "eth0"});
  }
  if (how == "delete-lease") {
    return delete_lease(pod, lease_root);
  }
  if (how == "delete-rules") {
    return delete_rules(pod);
  }
  return broken("there is no damage \"{}\"", how);
}

}  // namespace cni_matrix::scenario
