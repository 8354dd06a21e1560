#pragma once

#include "description.hpp"

#include <cni_matrix/base/error.hpp>

#include <filesystem>
#include <string>
#include <vector>

// The programs of a description, which are foreign: they are run apart from us (base/apart.hpp).
namespace cni_matrix::equipment {

// How it is called in the node: a plugin is called itself, and not the recorder in its place.
std::vector<std::string> call_of(const Program& program);
std::vector<std::string> environment_of(const Program& program);
// The file of its network namespace; empty: the node's.
std::filesystem::path network_of(Where where);

// What a command came to. `problem` is empty where it went as it has to.
struct CommandEnd {
  std::string problem;
};

// Run it to its end, in the node. Error kind: broken, for trouble of the machine.
Expected<CommandEnd> run_command(const Command& command);

// The end of what a program printed, for the end of a sentence; empty where it printed nothing.
std::string last_words(std::string_view printed);

}  // namespace cni_matrix::equipment
