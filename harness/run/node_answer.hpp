#pragma once

#include "node/node.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cni_matrix::run {

// What a node's worker says to the one that started it. Trouble of writing means that this one is
// gone, and the node with it.
void write_answer(int output, std::string_view text);

// All that the node says until its end, at most 64 MiB. Nothing when it takes longer than `limit`.
// The caller still has to end it. `cancelled`, if there is one, is asked ten times a second. Error
// kinds: interrupted; broken.
Expected<std::optional<std::string>> read_answer(const node::Node& node,
                                                 std::chrono::milliseconds limit,
                                                 const std::function<bool()>& cancelled);

}  // namespace cni_matrix::run
