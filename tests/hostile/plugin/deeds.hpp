#pragma once

#include "attempt.hpp"

#include <string>
#include <string_view>

namespace hostile {

// What the plugin does when it is asked for more than attempts: "kill-all", "kill-recorder",
// "forge-trace", "delete-trace", "cover-trace", "replace-recorder", "replace-programs",
// "change-sysctls", "stay". False
// when there is no such deed, or it would reach the host.
bool commit(const std::string& deed, const Target& target);

// Started in the place of a program of the system, after "replace-programs": notes whether it sees
// the worker. False when it was started under another name.
bool act_as_program(std::string_view program);
// What such starts noted.
std::string program_notes();

// Where the executable's folder has a file "at-start" with a path in it: makes a file of that path,
// and leaves a process behind. For executables that are only asked for their version.
void act_at_start();

}  // namespace hostile
