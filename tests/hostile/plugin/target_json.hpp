#pragma once

#include "attempt.hpp"

#include <nlohmann/json.hpp>

namespace hostile {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Target, namespaces, file, socket, abstract_name, queue,
                                   shared_file, secret, disk, disk_type, disk_major, disk_minor,
                                   port, memory_key, plugins)

}  // namespace hostile
