#pragma once

#include <cni_matrix/base/error.hpp>
#include <cni_matrix/base/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cni_matrix::scenario {

// The text of a network configuration file, read as a runtime does, with Go's encoding/json: any
// byte is taken inside of strings, a lone surrogate too, and of a key that stands twice the last.
struct ConfigurationText {
  OrderedJson value;
  // Why Go does not take it, and the cure; empty: it does. `value` then is what its writer meant:
  // behind a byte order mark, without the comments.
  std::string refusal;
};

// Error kind: input, for what is no JSON to anybody, naming `name` and the place.
Expected<ConfigurationText> read_configuration(std::string_view text, std::string_view name);

// What a runtime makes of the text; null where it is no JSON to Go.
Json loaded_configuration(std::string_view text);

// The files of a directory that a runtime looks at, in the order of their names. Error kind: input,
// where it cannot be read.
Expected<std::vector<std::filesystem::path>> configuration_files_in(
    const std::filesystem::path& directory);

}  // namespace cni_matrix::scenario
