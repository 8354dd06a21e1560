#pragma once

#include "attempt.hpp"

#include <string>

namespace hostile {

// What the plugin does when it is asked for more than attempts: "kill-all", "kill-recorder",
// "forge-trace", "delete-trace", "cover-trace", "replace-recorder", "change-sysctls", "stay". False
// when there is no such deed, or it would reach the host.
bool commit(const std::string& deed, const Target& target);

// Where the executable's folder has a file "at-start" with a path in it: makes a file of that path,
// and leaves a process behind. For executables that are only asked for their version.
void act_at_start();

}  // namespace hostile
