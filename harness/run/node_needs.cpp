#include "node_needs.hpp"

#include "base/try.hpp"
#include "equipment/node_paths.hpp"
#include "node/link_kinds.hpp"
#include <cni_matrix/base/process.hpp>

#include <algorithm>
#include <array>

#include <unistd.h>

namespace cni_matrix::run {

namespace {

// What a node has of the machine as it is there.
constexpr std::array<std::string_view, 4> k_of_the_machine = {"/usr/", "/bin/", "/sbin/", "/lib/"};

std::vector<equipment::Program> programs_of(const equipment::NodeDescription& description,
                                            const std::vector<equipment::Program>& others) {
  auto programs = others;
  for (const auto& command : description.commands) {
    programs.push_back(command.program);
  }
  for (const auto& daemon : description.daemons) {
    programs.push_back(daemon.program);
  }
  return programs;
}

// A program that a command of the node makes cannot be looked for before.
bool is_missing(const std::string& program) {
  if (program.find('/') == std::string::npos) {
    return find_program(program).empty();
  }
  return std::any_of(k_of_the_machine.begin(), k_of_the_machine.end(),
                     [&](std::string_view folder) { return program.starts_with(folder); }) &&
         ::access(program.c_str(), X_OK) != 0;
}

}  // namespace

Expected<void> check_node_needs(const equipment::NodeDescription& description,
                                const std::vector<equipment::Program>& others) {
  for (const auto& link : description.links) {
    TRY_ASSIGN(const bool has, node::has_link_kind(link.kind));
    if (!has) {
      return unavailable(
          "the node is to have {}, a link of kind {}, which this kernel does not have", link.name,
          link.kind);
    }
  }
  for (const auto& program : programs_of(description, others)) {
    if (is_missing(program.argv.front())) {
      return unavailable(
          "{} is missing, which the node runs; install {}", program.argv.front(),
          program.package.empty() ? "what has it" : "the package " + program.package);
    }
  }
  return {};
}

std::set<std::string> plugins_called(const equipment::NodeDescription& description,
                                     const std::vector<equipment::Program>& others) {
  std::set<std::string> plugins;
  for (const auto& program : programs_of(description, others)) {
    auto plugin = equipment::plugin_of_path(program.argv.front());
    const bool brought =
        std::any_of(description.plugins.begin(), description.plugins.end(),
                    [&](const equipment::Plugin& own) { return own.name == plugin; });
    if (!plugin.empty() && !brought) {
      plugins.insert(std::move(plugin));
    }
  }
  return plugins;
}

}  // namespace cni_matrix::run
